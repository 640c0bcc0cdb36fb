"""Pairs drawn over the batch of all ranks: every row is the same on any number of them, mixtures too."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto import (
    Alternate,
    BatchSampler,
    CheckpointError,
    CutMix,
    ImageRecipe,
    Loader,
    MixGen,
    MixUp,
    Recipe,
    RecipeError,
    TextRecipe,
)
from impasto.mixgen import soft_labels
from impasto.sources import Sequence

MIXES = {
    "block": MixGen(ratio=0.25),
    "uneven block": MixGen(count=5, lam=0.3),
    "shuffle": MixUp(0.4, text="join"),
    "kept": MixGen.variant("d", ratio=0.5),
    "one of two": Alternate((MixUp(0.8), CutMix(1.0))),
    "none": None,
}


@pytest.fixture(scope="module")
def data(pairs):
    return Sequence([(str(path), captions) for path, captions in pairs])


def loaders(data, mix, ranks, whole=24, **options):
    recipe = Recipe(image=ImageRecipe(size=16), text=TextRecipe(length=32), mix=mix)
    shared = {"mix_over": "global", "seed": 3, "world_size": ranks, **options}
    return [Loader(data, recipe, batch_size=whole // ranks, rank=rank, **shared) for rank in range(ranks)]


def rows_of(parts):
    """The rows of a batch of all ranks, in its order: what each is, byte for byte."""
    rows = {}
    for rank, batch in enumerate(parts):
        for row, key in enumerate(batch.keys):
            told = (key, batch.captions[row], float(batch.plan.lams[row]), batch.plan.boxes[row].tobytes())
            pixels = batch.images[row].numpy().tobytes(), batch.input_ids[row].tolist()
            rows[row * len(parts) + rank] = (*told, *pixels)
    return [rows[row] for row in sorted(rows)]


def epoch(data, mix, ranks, **options):
    return [rows_of(parts) for parts in zip(*loaders(data, mix, ranks, **options), strict=True)]


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_any_number_of_ranks_has_the_same_rows(data, mix):
    one = epoch(data, mix, 1)
    assert len(one) == 2 and all(len(rows) == 24 for rows in one)
    for ranks in (2, 3, 4):
        assert epoch(data, mix, ranks) == one
    if mix is not None:
        assert any(lam != 1 for rows in one for _, _, lam, *_ in rows)


def test_one_rank_is_one_rank(data):
    """Over one rank both are the same; over two they are not."""
    for ranks, same in ((1, True), (2, False)):
        pair = [[*loaders(data, MIXES["block"], ranks, mix_over=over)[0]] for over in ("rank", "global")]
        assert (pair[0][1].captions == pair[1][1].captions) is same


def test_the_tail_too(data):
    """12 of 60 samples are left after two whole batches of 24."""
    one = epoch(data, MIXES["shuffle"], 1, drop_last=False)
    assert [len(rows) for rows in one] == [24, 24, 12]
    for ranks in (2, 3, 4):
        assert epoch(data, MIXES["shuffle"], ranks, drop_last=False) == one


@given(length=st.integers(1, 300), ranks=st.integers(1, 6), each=st.integers(1, 9), drop_last=st.booleans())
def test_ranks_share_an_epoch(length, ranks, each, drop_last):
    try:
        samplers = [
            BatchSampler(length, each, rank=rank, world_size=ranks, drop_last=drop_last, mix_over="global")
            for rank in range(ranks)
        ]
    except RecipeError:
        return
    epochs = [list(sampler) for sampler in samplers]
    assert len({len(keys) for keys in epochs}) == 1 and all(keys and min(map(len, keys)) for keys in epochs)
    seen = [sample for keys in epochs for key in keys for sample in key]
    assert len(set(seen)) == len(seen) == (length if not drop_last else length // (each * ranks) * each * ranks)
    for parts in zip(*epochs, strict=True):
        assert len({key.id for key in parts}) == ranks and len({key.whole.id for key in parts}) == 1
        assert sorted(row for key in parts for row in key.whole.rows) == list(range(len(parts[0].whole.samples)))


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 3), (3, 2)])
@pytest.mark.parametrize("options", [{"workers": 2}, {"workers": 2, "processes": True}], ids=["threads", "processes"])
def test_a_run_goes_on_with_other_ranks(data, before, after, options):
    whole = epoch(data, MIXES["shuffle"], 1)
    ranks = loaders(data, MIXES["shuffle"], before)
    for batches in [iter(loader) for loader in ranks]:
        next(batches)
    (state, *others) = [loader.state_dict() for loader in ranks]
    assert all(other == state for other in others)
    resumed = loaders(data, MIXES["shuffle"], after, **options)
    for loader in resumed:
        loader.load_state_dict(state)
    assert [rows_of(parts) for parts in zip(*resumed, strict=True)] == whole[1:]


def test_a_state_knows_over_what_pairs_are_drawn(data):
    state = loaders(data, None, 2)[0].state_dict()
    with pytest.raises(CheckpointError, match="mix_over='global' and is loaded with 'rank'"):
        loaders(data, None, 2, mix_over="rank")[0].load_state_dict(state)
    with pytest.raises(CheckpointError, match="mix_over='rank' and is loaded with 'global'"):
        loaders(data, None, 2)[0].load_state_dict(loaders(data, None, 2, mix_over="rank")[0].state_dict())


def test_a_block_that_ranks_divide_needs_no_other_rank(data):
    """24 rows of which 6 are mixed: on 2 and 3 ranks all partners are at hand, on 4 they are not, and losses say so."""
    labels = torch.zeros(12, dtype=torch.int64)
    for ranks, at_hand in ((2, True), (3, True), (4, False)):
        batches = [next(iter(loader)) for loader in loaders(data, MIXES["block"], ranks)]
        assert sum(int(batch.plan.mixed.sum()) for batch in batches) == 6
        assert (max(int(batch.plan.partners.max()) for batch in batches) < 24 // ranks) is at_hand
        plan = batches[0].plan
        if at_hand:
            assert soft_labels(labels[: 24 // ranks], plan, classes=2).sum() == 24 // ranks
        else:
            for use in (lambda plan=plan: soft_labels(labels[:6], plan, classes=2), lambda plan=plan: plan.mix.overlap):
                with pytest.raises(RecipeError, match="another rank"):
                    use()


def test_what_needs_all_captions_is_refused(data):
    with pytest.raises(RecipeError, match="pairing='fit'"):
        loaders(data, MixGen(pairing="fit"), 2)


def test_a_broken_partner_is_replaced_alike_and_counted_once(pairs, tmp_path):
    rows = [(str(path), captions) for path, captions in pairs]
    rows[5] = rows[23] = (b"no image", "broken")
    one = None
    for ranks in (1, 2, 4):
        manifest = tmp_path / f"{ranks}.jsonl"
        options = {"on_error": "replace", "budget": 1.0, "manifest": manifest}
        many = loaders(Sequence(rows), MIXES["shuffle"], ranks, **options)
        found = [rows_of(parts) for parts in zip(*many, strict=True)]
        one = one or found
        assert found == one
        assert sum(loader.replaced for loader in many) == len(manifest.read_text().splitlines()) <= 2
