"""What is mixed is keyed by the batch's id or the samples' keys, not by how often somebody called."""

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from impasto import BatchId, BatchMixGen, Beta, MixGen, MixGenCollate, RecipeError, mixgen

MIX = MixGen(ratio=0.5, lam=Beta(1, 1))
BATCH = {"images": torch.rand(8, 3, 4, 4), "captions": list("abcdefgh")}
SAMPLES = [{"images": torch.rand(3, 4, 4), "captions": f"caption {at}"} for at in range(32)]


def lam_of(batch):
    return float(batch["mix_plan"].lams[0])


def test_an_id_says_what_a_module_draws():
    module = BatchMixGen(MIX, seed=3)
    ids = [BatchId(epoch, step) for epoch in range(2) for step in range(3)]
    there = [lam_of(module(BATCH, id=id)) for id in ids]
    assert [lam_of(module(BATCH, id=id)) for id in reversed(ids)] == there[::-1]
    assert len(set(there)) == 6 and int(module.get_extra_state()) == 0  # no call is counted
    for id, lam in zip(ids, there, strict=True):
        assert lam == mixgen.plan_at(MIX, 3, id.epoch, id.step, batch_size=8).lams[0]
    assert lam_of(module(BATCH)) == there[0]  # the first call is batch 0 of epoch 0
    late = MixGen(ratio=0.5, warmup=10)
    assert not BatchMixGen(late)(BATCH, id=BatchId(0, 2, 0))["mix_plan"].mixed.any()
    assert BatchMixGen(late)(BATCH, id=BatchId(0, 2, 100))["mix_plan"].mixed.any()


def test_an_id_says_what_the_published_function_draws():
    module = BatchMixGen(MixGen(lam=0.5), compat="mixgen_batch")
    captions = [module(BATCH, id=BatchId(epoch, step))["captions"] for epoch, step in ((0, 1), (1, 0), (0, 1))]
    assert captions[0] == captions[2] != captions[1]


def test_an_id_says_what_a_collate_function_draws():
    collate = MixGenCollate(MIX, seed=3)
    first, again, other = (collate(SAMPLES[:8], id=BatchId(4, step)) for step in (1, 1, 2))
    assert lam_of(first) == lam_of(again) != lam_of(other)
    assert lam_of(first) == mixgen.plan_at(MIX, 3, 4, 1, batch_size=8).lams[0]
    with pytest.raises(RecipeError, match="id must be a BatchId"):
        collate(SAMPLES[:8], id=3)


@pytest.mark.parametrize("name", ["__key__", "key", "id", "index"])
def test_samples_keys_say_it_in_any_worker(name):
    samples = [sample | {name: at} for at, sample in enumerate(SAMPLES)]
    collate = MixGenCollate(MIX, seed=3)
    lams = [
        [lam_of(batch) for batch in DataLoader(samples, batch_size=8, collate_fn=collate, num_workers=workers)]
        for workers in (0, 2)
    ]
    assert lams[0] == lams[1] and len(set(lams[0])) == 4
    collate.set_epoch(1)
    assert [lam_of(batch) for batch in DataLoader(samples, batch_size=8, collate_fn=collate)] != lams[0]


def test_epochs_reach_workers_that_outlive_them():
    samples = [sample | {"key": at} for at, sample in enumerate(SAMPLES)]
    collate = MixGenCollate(MIX, seed=3)
    options = {"batch_size": 8, "num_workers": 2, "persistent_workers": True}
    lasting = DataLoader(samples, collate_fn=collate, **options)
    lams = []
    for epoch in (0, 1, 5):
        collate.set_epoch(epoch)
        lams.append([lam_of(batch) for batch in lasting])
        assert lams[-1] == [lam_of(batch) for batch in DataLoader(samples, batch_size=8, collate_fn=collate)]
        assert collate.epoch == epoch == pickle.loads(pickle.dumps(collate)).epoch
    assert len({lam for drawn in lams for lam in drawn}) == 12


def test_without_keys_calls_are_counted_where_they_can_be():
    collate = MixGenCollate(MIX, seed=3)
    lams = [lam_of(batch) for batch in DataLoader(SAMPLES, batch_size=8, collate_fn=collate)]
    assert lams == [mixgen.plan_at(MIX, 3, step=step, batch_size=8).lams[0] for step in range(4)]
    says = r"^a worker can't know.*key=, or mix in the training loop with BatchMixGen$"
    with pytest.raises(RecipeError, match=says):
        next(iter(DataLoader(SAMPLES, batch_size=8, collate_fn=collate, num_workers=1)))


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        ([], "no samples"),
        ([{"images": torch.rand(3), "captions": "a"}, {"images": torch.rand(3)}], r"0 and 1 .* \['captions'\]"),
        ([{"images": torch.rand(3)}, {"images": torch.rand(3), "captions": "a"}], r"0 and 1 .* \['captions'\]"),
        ([{"captions": "a"}, {"captions": "b"}], "none of the images"),
        ([{"captions": "a", "key": 1}, {"captions": "b", "key": 2}], "none of the images"),
        ([{"images": None, "captions": "a"}] * 2, r"samples \[0, 1\] of the batch have no 'images'"),
        ([(torch.rand(3), "a"), (torch.rand(3), "b", 1)], "different kinds or lengths"),
        ([(torch.rand(3), "a"), {"images": torch.rand(3)}], "different kinds or lengths"),
        ([(torch.rand(3), None)] * 2, r"captions\[0\] is None"),
        ([(torch.rand(3), "a"), (torch.rand(4), "b")], "'image' can't be made one batch"),
        ([(object(), "a")] * 2, "'image' can't be made one batch"),
        ([torch.rand(3)] * 2, "a sample is a Tensor"),
    ],
)
def test_samples_that_cannot_be_mixed(samples, says):
    with pytest.raises(RecipeError, match=says):
        MixGenCollate(MixGen(ratio=0.5))(samples)


def test_a_key_that_is_not_there():
    with pytest.raises(RecipeError, match="key='name' is no field of the samples"):
        MixGenCollate(MIX, key="name")(SAMPLES[:4])


@pytest.mark.parametrize("wrong", [1.5, -1, 2**70, "a", True])
def test_an_id_is_of_whole_numbers(wrong):
    with pytest.raises(RecipeError, match="epoch="):
        BatchId(wrong, 1)


def test_equal_ids_are_equal_keys():
    one, other = BatchId(2, 5), BatchId(np.int64(2), np.int32(5))
    assert one == other and repr(one) == repr(other)


def test_the_published_function_follows_no_plan():
    batch = {"images": torch.rand(4, 3, 2, 2)}
    with pytest.raises(RecipeError, match="follows no plan"):
        BatchMixGen(compat="mixgen_batch")(batch, plan=mixgen.plan_at(MixGen(), batch_size=4))
