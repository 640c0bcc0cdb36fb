"""MixGen on tensors, as a collate function and in the loader: one meaning, the pseudo-code's."""

from types import MappingProxyType

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from impasto import (
    BatchMixGen,
    Beta,
    CutMix,
    ImageRecipe,
    Loader,
    MixGen,
    MixGenCollate,
    Recipe,
    RecipeError,
    TextRecipe,
    mixgen,
    ops,
)
from impasto.mixgen.published import mixgen_batch
from impasto.sources import Sequence

VARIANTS = ["default", "a", "b", "c", "d", "e"]
ROWS = 12


@pytest.fixture(scope="module")
def data(photographs, encode):
    cuts = [photographs["coffee"][at : at + 40, at : at + 50] for at in range(0, 10 * ROWS, 10)]
    words = ["red", "blue", "small", "big", "cat", "dog", "bus", "mug", "table", "chair", "tree", "bird"]
    return Sequence([(encode(cut), f"a {words[at]} thing") for at, cut in enumerate(cuts)])


def batch_of(data, mix):
    recipe = Recipe(image=ImageRecipe(size=32), text=TextRecipe(length=24), mix=mix)
    return next(iter(Loader(data, recipe, batch_size=ROWS, seed=9)))


@pytest.mark.parametrize("pairing", ["block", "shuffle"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_loader_and_the_module_agree(data, variant, pairing):
    mix = MixGen.variant(variant, pairing=pairing, ratio=1.0 if pairing == "shuffle" else 0.5)
    plain, mixed = batch_of(data, None), batch_of(data, mix)
    plan = mixgen.plan_at(mix, batch_size=ROWS, seed=9)
    for name in ("partners", "lams", "words", "shares", "seeds"):
        assert np.array_equal(getattr(mixed.plan.mix, name), getattr(plan, name))
    batch = {"images": plain.images, "input_ids": plain.input_ids, "attention_mask": plain.attention_mask}
    module = BatchMixGen(mix, seed=9)(batch)
    # The loader mixes 8-bit pixels exactly, before it normalises: float rounding is the whole difference.
    assert torch.allclose(module["images"], mixed.images, atol=2e-6)
    assert torch.equal(module["input_ids"], mixed.input_ids)
    assert torch.equal(module["attention_mask"], mixed.attention_mask)
    if variant not in ("d", "e"):
        assert BatchMixGen(mix, seed=9)({**batch, "captions": plain.captions})["captions"] == mixed.captions


def test_kept_places_are_part_of_the_plan(data):
    mix = MixGen.variant("d", ratio=0.5, lam=0.4)
    plain, mixed = batch_of(data, None), batch_of(data, mix)
    for row in range(ROWS):
        kept = mixed.plan.kept[row]
        if row >= ROWS // 2:
            assert kept is None
            continue
        contents = [
            plain.input_ids[at, 1 : plain.attention_mask[at].sum() - 1].tolist()
            for at in (row, int(mixed.plan.partners[row]))
        ]
        both = contents[0] + contents[1]
        got = mixed.input_ids[row, 1 : mixed.attention_mask[row].sum() - 1].tolist()
        assert got == [both[place] for place in kept]
        assert mixed.captions[row] == " ".join(mixed.captions[row].split())
        assert ops.tokenize(mixed.captions[row], length=24).input_ids[0].tolist() == mixed.input_ids[row].tolist()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_any_dtype_and_memory_format(dtype, memory_format):
    images = torch.rand(ROWS, 3, 6, 5, dtype=torch.float64).to(dtype).to(memory_format=memory_format)
    before = images.clone()
    for mix in (MixGen(), MixGen(ratio=1.0, pairing="shuffle", lam=Beta(1, 1), lam_per="sample")):
        out = BatchMixGen(mix)({"images": images, "labels": torch.arange(ROWS)})
        plan = out["mix_plan"]
        lams = torch.from_numpy(plan.lams).double().view(-1, 1, 1, 1)
        wanted = lams * before.double() + (1 - lams) * before.double()[plan.partners]
        assert out["images"].dtype == dtype and out["images"].is_contiguous(memory_format=memory_format)
        assert torch.allclose(out["images"].double(), wanted, atol=8 * torch.finfo(dtype).eps)
        assert torch.equal(out["labels"], torch.arange(ROWS))
        assert torch.equal(images, before)


def test_views_get_the_same_plan_and_gradients_pass():
    image, view = torch.rand(8, 3, 4, 4, requires_grad=True), torch.rand(8, 3, 2, 2)
    out = BatchMixGen(MixGen(lam=0.25))({"image": image, "image_aug": view})
    assert torch.allclose(out["image"][0], 0.25 * image[0] + 0.75 * image[2])
    assert torch.allclose(out["image_aug"][1], 0.25 * view[1] + 0.75 * view[3])
    out["image"].sum().backward()
    assert image.grad[:2].eq(0.25).all() and image.grad[2:4].eq(1.75).all() and image.grad[4:].eq(1).all()


def test_token_types_are_spliced_along():
    ids = torch.tensor([[9, 1, 2, 8], [9, 3, 8, 0], [9, 4, 8, 0], [9, 5, 6, 8]])
    mask = (ids > 0).long()
    types = torch.tensor([[0, 0, 1, 1], [0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0]])
    batch = {"images": torch.rand(4, 3, 2, 2), "input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    out = BatchMixGen(MixGen(ratio=0.5))(batch)
    assert out["input_ids"][0].tolist() == [9, 1, 2, 8] and out["lost"].tolist() == [1, 1, 0, 0]
    assert out["input_ids"][1].tolist() == [9, 3, 5, 8]
    assert out["token_type_ids"][1].tolist() == [0, 0, 1, 0]


def test_evaluation_and_resuming():
    mixgen = BatchMixGen(MixGen(lam=Beta(1, 1)), seed=3)
    batch = {"images": torch.rand(8, 1, 1, 1)}
    assert mixgen.eval()(batch) == batch
    mixgen.train()
    first = [mixgen(batch)["mix_plan"].lams[0] for _ in range(5)]
    resumed = BatchMixGen(MixGen(lam=Beta(1, 1)), seed=3)
    for _ in range(2):
        resumed(batch)
    state = resumed.state_dict()
    again = BatchMixGen(MixGen(lam=Beta(1, 1)), seed=3)
    again.load_state_dict(state)
    assert [again(batch)["mix_plan"].lams[0] for _ in range(3)] == first[2:]
    drawn = [mixgen(batch, generator=torch.Generator().manual_seed(1))["mix_plan"].seeds.tolist() for _ in range(2)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("workers", [0, 2])
def test_as_a_collate_function(workers):
    images = torch.rand(32, 3, 4, 4)
    samples = [(images[at], f"caption {at}", at) for at in range(32)]
    collate = MixGenCollate(MixGen(lam=Beta(0.5, 0.5), ratio=0.5), seed=1, key=2)
    batches = list(DataLoader(samples, batch_size=8, collate_fn=collate, num_workers=workers))
    assert len(batches) == 4
    lams = []
    for number, (mixed, captions, labels) in enumerate(batches):
        assert captions[0] == f"caption {8 * number} caption {8 * number + 4}"
        assert labels.tolist() == list(range(8 * number, 8 * number + 8))
        own, partner = images[8 * number], images[8 * number + 4]
        lam = ((mixed[0] - partner) / (own - partner)).median()
        lams.append(round(float(lam), 4))
        assert torch.allclose(mixed[0], lam * own + (1 - lam) * partner, atol=1e-4)
    assert len(set(lams)) == 4
    # The same draws whichever worker makes the batch.
    again = [round(float(((b[0][0] - b[0][4]) / (images[8 * n] - b[0][4])).median()), 4) for n, b in enumerate(batches)]
    assert again == lams
    mapped = [{"images": image, "captions": caption, "id": at} for image, caption, at in samples]
    collate = MixGenCollate(MixGen(lam=Beta(0.5, 0.5), ratio=0.5), seed=1)
    by_name = next(iter(DataLoader(mapped, batch_size=8, collate_fn=collate)))
    assert torch.equal(by_name["images"], batches[0][0]) and by_name["captions"] == batches[0][1]


def transcription(image, text, num, lam, index):
    """The published function as SPEC tells it: in place, row after row; num is ignored."""
    for i in range(len(text)):
        image[i, :] = lam * image[i, :] + (1 - lam) * image[index[i], :]
        text[i] = text[i] + " " + text[index[i]]
    return image, text


def test_compat_is_the_published_function_bit_for_bit():
    draw = np.random.default_rng(0)
    for lam in (0.5, 0.3):
        images, texts = torch.rand(16, 3, 4, 4), [f"t{at}" for at in range(16)]
        index = draw.permutation(16)
        wanted = transcription(images.clone(), list(texts), 99, lam, index)
        got = mixgen_batch(images, texts, index, lam)
        assert torch.equal(got[0], wanted[0]) and got[1] == wanted[1]
    out = BatchMixGen(MixGen(lam=0.5), compat="mixgen_batch")({"images": images, "captions": texts})
    assert any(len(caption.split()) > 2 for caption in out["captions"])  # what the corrected one never does
    proper = BatchMixGen(MixGen(ratio=1.0, pairing="shuffle"))({"images": images, "captions": texts})
    assert {len(caption.split()) for caption in proper["captions"]} == {2}


@pytest.mark.parametrize(
    ("batch", "options", "says"),
    [
        ({"pictures": torch.rand(4, 3, 2, 2)}, {}, "none of the images"),
        ({"image": torch.rand(4, 1), "image_aug": torch.rand(3, 1)}, {}, r"views of different batch sizes.*'image': 4"),
        ({"images": torch.rand(1, 3, 2, 2)}, {}, "batch_size=1 leaves nobody"),
        ({"images": torch.rand(4, 3), "input_ids": torch.ones(4, 3).long()}, {}, "without attention_mask"),
        ({"images": torch.rand(4, 3), "captions": ["a", None, "c", "d"]}, {}, r"captions\[1\] is None"),
        ({"images": torch.zeros(4, 3, dtype=torch.int64)}, {}, "uint8 or floating point"),
        ({"images": torch.zeros(4, 3, dtype=torch.uint8)}, {"compat": "mixgen_batch"}, "mixes floating point"),
        ((torch.rand(4, 3), list("abcd")), {}, "is a tuple.*MixGenCollate"),
        (torch.rand(4, 3), {}, "is a Tensor"),
        ({"images": torch.rand(4, 8, 8, 3)}, {"mix": CutMix()}, r"are \[B, H, W, 3\]"),
        ({"images": torch.rand(4, 3), "input_ids": torch.ones(4, 3)}, {"compat": "mixgen_batch"}, "tokenise after"),
    ],
)
def test_batches_that_cannot_be_mixed(batch, options, says):
    with pytest.raises(RecipeError, match=says):
        BatchMixGen(**{"mix": MixGen(ratio=0.5)} | options)(batch)


def test_modules_say_what_they_do():
    assert (
        repr(BatchMixGen(MixGen(ratio=0.5), end=False)) == "BatchMixGen(MixGen(ratio=0.5, lam=0.5), seed=0, end=False)"
    )
    assert repr(MixGenCollate(seed=2, key="n")) == "MixGenCollate(MixGen(ratio=0.25, lam=0.5), seed=2, key='n')"


def test_modules_that_make_no_sense():
    with pytest.raises(RecipeError, match="pairing='fit'"):
        BatchMixGen(MixGen(pairing="fit"))
    with pytest.raises(RecipeError, match="compat='mixgen'"):
        BatchMixGen(compat="mixgen")
    with pytest.raises(RecipeError, match="one fixed lam"):
        BatchMixGen(MixGen(lam=Beta(1, 1)), compat="mixgen_batch")


@pytest.mark.gpu
def test_on_a_gpu(data):
    plain = batch_of(data, None)
    batch = {"images": plain.images, "input_ids": plain.input_ids, "attention_mask": plain.attention_mask}
    here = BatchMixGen(MixGen.variant("d"), seed=9)(batch)
    there = BatchMixGen(MixGen.variant("d"), seed=9).cuda()({name: value.cuda() for name, value in batch.items()})
    assert torch.allclose(there["images"].cpu(), here["images"], atol=1e-6)
    assert torch.equal(there["input_ids"].cpu(), here["input_ids"])


def test_what_is_added_is_what_was_asked_for(data):
    plain = batch_of(data, None)
    batch = {"images": plain.images, "input_ids": plain.input_ids, "attention_mask": plain.attention_mask}
    whole = BatchMixGen(MixGen(ratio=0.25))(batch)
    assert whole.keys() - batch.keys() == {"lost", "mix_plan"}
    for adds in ((), ("lost",)):
        mixed = BatchMixGen(MixGen(ratio=0.25), adds=adds)(batch)
        assert mixed.keys() - batch.keys() == {*adds}
        assert all(torch.equal(mixed[name], whole[name]) for name in mixed)
    for wrong in ("lost", ("plan",), (1,)):
        with pytest.raises(RecipeError, match="adds="):
            BatchMixGen(adds=wrong)


def test_a_mapping_that_can_t_be_written_to_keeps_its_items():
    batch = MappingProxyType({"images": torch.rand(4, 3, 2, 2), "labels": torch.arange(4)})
    module = BatchMixGen(MixGen(ratio=0.5), adds=())
    mixed = module(batch)
    assert [*mixed] == [*batch] and mixed["labels"] is batch["labels"]
    assert not torch.equal(mixed["images"], batch["images"])
    assert module.eval()(batch) == batch
