"""Joint mixing beyond MixGen: joining words, CutMix with captions, alternating recipes, soft and smooth targets."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from impasto import (
    Alternate,
    BatchDataset,
    BatchId,
    BatchKey,
    BatchMixGen,
    CutMix,
    ImageRecipe,
    Loader,
    MixGen,
    MixUp,
    Recipe,
    RecipeError,
    TextRecipe,
    mixgen,
    plan_at,
)
from impasto.plan import Plan
from impasto.sources import Sequence


@pytest.fixture(scope="module")
def data(photographs, encode):
    """Images of one color each, so that a cut's area can be counted in its pixels."""
    colors = [encode(np.full((8, 8, 3), 10 * n, np.uint8), "PNG") for n in range(24)]
    return Sequence([(color, f"color {n}") for n, color in enumerate(colors)])


def recipe_of(mix, **text):
    image = ImageRecipe(size=8, scale=(1, 1), ratio=(1, 1), dtype="uint8", normalize=None)
    return Recipe(image=image, text=TextRecipe(tokenizer=None, **text), mix=mix)


@pytest.mark.parametrize("join", [" and ", ", ", " "])
def test_captions_are_joined_by_words_in_loader_and_module(data, join):
    mix = MixGen(ratio=0.5, join=join)
    (batch,) = Loader(data, recipe_of(mix), batch_size=24, workers=0, shuffle=False)
    wanted = [f"color {n}{join}color {n + 12}" if n < 12 else f"color {n}" for n in range(24)]
    assert batch.captions == wanted and batch.plan.mix.join == join
    plain = {"images": torch.rand(24, 3, 8, 8), "captions": [f"color {n}" for n in range(24)]}
    assert BatchMixGen(mix)(plain, id=batch.id)["captions"] == wanted
    assert mixgen.mix_captions(plain["captions"], plan_at(mix, batch_size=24)) == wanted


def test_words_between_are_counted_where_captions_must_fit(data):
    length = 9
    recipe = Recipe(
        image=ImageRecipe(size=8), text=TextRecipe(length=length), mix=MixGen(ratio=0.5, join=" and ", pairing="fit")
    )
    texts = ["a b c", "a b", "a b c", "a", "a b c d", "a b c", "a b c d e", "a b c"]
    pairs = Sequence([(data[0].image, text) for text in texts])
    (batch,) = Loader(pairs, recipe, batch_size=8, workers=0, shuffle=False)
    assert not batch.lost.any()  # 3+1+3, 2+1+4 (or 3), 3+1+3, 1+1+5


def test_ids_are_not_joined_by_words():
    batch = {"images": torch.rand(4, 3, 8, 8), "input_ids": torch.ones(4, 6).long(), "attention_mask": torch.ones(4, 6)}
    with pytest.raises(RecipeError, match="tokenize them after"):
        BatchMixGen(MixGen(ratio=0.5, join=" and "))(batch)


def test_cut_images_have_joined_captions_and_targets_by_area(data):
    mix = CutMix(1.0, text="join", lam_per="sample", join=" and ")
    (batch,) = Loader(data, recipe_of(mix), batch_size=24, workers=0, shuffle=False, seed=5)
    labels = torch.arange(24)
    targets = mixgen.soft_labels(labels, batch.plan, 24)
    for row in range(24):
        partner = int(batch.plan.partners[row])
        pixels = batch.images[row, 0]
        assert set(pixels.unique().tolist()) <= {10 * row, 10 * partner}
        area = (pixels == 10 * row).float().mean()
        assert targets[row, row] == pytest.approx(float(area), abs=1e-6)
        assert targets[row, partner] == pytest.approx(1 - float(area), abs=1e-6)
        assert batch.captions[row] == f"color {row} and color {partner}"


MIXES = Alternate((MixUp(0.8), CutMix(1.0, text="join", join=", "), MixGen(ratio=0)), weights=(2, 1, 1))


def kind_of(plan):
    return "cut" if plan.is_cut else "blend" if plan.mixed.any() else "none"


def test_batches_alternate_by_weights():
    steps = 800
    kinds = [kind_of(plan_at(MIXES, seed=3, step=step, batch_size=4)) for step in range(steps)]
    for kind, share in (("blend", 1 / 2), ("cut", 1 / 4), ("none", 1 / 4)):
        assert abs(kinds.count(kind) - steps * share) < 5 * math.sqrt(steps * share * (1 - share))
    even = [kind_of(plan_at(Alternate((MixUp(), CutMix())), step=step, batch_size=4)) for step in range(steps)]
    assert abs(even.count("cut") - steps / 2) < 5 * math.sqrt(steps / 4)
    never = Alternate((MixUp(), CutMix()), weights=(0, 1))
    assert {kind_of(plan_at(never, step=step, batch_size=4)) for step in range(40)} == {"cut"}


def test_plan_loader_and_module_draw_the_same(data):
    dataset = BatchDataset(data, recipe_of(MIXES), seed=3)
    module = BatchMixGen(MIXES, seed=3)
    kinds = set()
    for step in range(30):
        id = BatchId(epoch=1, step=step)
        batch = dataset[BatchKey(range(24), id=id)]
        # Lams of cuts are drawn first and then settled by the images' size.
        plan = plan_at(dataset.recipe, seed=3, epoch=1, step=step, batch_size=24).at_size(8, 8)
        raw = {"images": torch.zeros(24, 3, 8, 8), "captions": [f"color {n}" for n in range(24)]}
        mixed = module(raw, id=id)
        for other in (plan, mixed["mix_plan"]):
            assert (other.partners == batch.plan.partners).all() and (other.lams == batch.plan.lams).all()
            assert np.array_equal(other.cuts, batch.plan.mix.cuts, equal_nan=True)
            assert other.join == batch.plan.mix.join and other.words == batch.plan.mix.words
        assert mixed["captions"] == batch.captions
        kinds.add(kind_of(plan))
    assert kinds == {"cut", "blend", "none"}


def test_a_lone_recipe_in_alternation_is_itself():
    mix = MixUp(0.4, lam_per="sample")
    alone, plain = (plan_at(one, seed=9, step=2, batch_size=16) for one in (Alternate((mix,)), mix))
    assert (alone.lams == plain.lams).all() and (alone.partners == plain.partners).all()


def test_labels_are_smoothed_as_timm_does():
    """Oracle: timm.data.mixup.mixup_target, which mixes row i with row B - 1 - i."""
    timm = pytest.importorskip("timm.data.mixup")
    labels = torch.tensor([0, 3, 1, 1])
    plan = plan_at(MixGen(ratio=0.5, lam=0.3, text="own"), batch_size=4)
    plan.partners[:] = [3, 2, 1, 0]
    plan.lams[:] = 0.3
    wanted = timm.mixup_target(labels, 5, lam=0.3, smoothing=0.1)
    assert torch.allclose(mixgen.soft_labels(labels, plan, 5, smoothing=0.1), wanted)
    assert torch.allclose(mixgen.soft_labels(labels, plan, 5, smoothing=0.7).sum(dim=1), torch.ones(4))


def test_labels_of_several_classes_are_mixed_too():
    plan = plan_at(MixGen(ratio=0.5, lam=0.3, text="own"), batch_size=4)
    whole = Plan(np.zeros((4, 4)), np.zeros(4, bool), np.zeros(4, np.int64), plan, [None] * 4)
    labels = torch.tensor([[1.0, 1, 0], [0, 0, 0], [0, 1, 1], [1, 0, 0.5]])
    loss = partial(functional.binary_cross_entropy_with_logits, torch.randn(4, 3), reduction="none")
    lams = torch.from_numpy(plan.lams)[:, None]
    wanted = lams * loss(labels) + (1 - lams) * loss(labels[plan.partners])
    assert torch.allclose(loss(mixgen.soft_labels(labels, whole, 3)), wanted)
    numbers = torch.tensor([0, 2, 1, 1], dtype=torch.int32)
    for smoothing in (0, 0.2):
        hot, one = (mixgen.soft_labels(kind, plan, 3, smoothing=smoothing) for kind in (torch.eye(3)[numbers], numbers))
        assert torch.allclose(hot, one)
    smooth = mixgen.soft_labels(labels, plan, 3, smoothing=0.3)
    assert torch.allclose(smooth.sum(dim=1), mixgen.soft_labels(labels, plan, 3).sum(dim=1)) and (smooth[0] > 0).all()
    rows = functional.normalize(torch.randn(4, 8))
    mask, other = (mixgen.clip_loss(rows, rows, torch.tensor(9.0), plan=one, partners="mask") for one in (plan, whole))
    assert mask == other
    for wrong, told in (
        (["a"] * 4, "are strings.*number the classes"),
        ([0, 1, 2, 0], "must be a tensor"),
        (torch.rand(4), "float32.*plan.lams"),
        (torch.ones(4, dtype=torch.bool), "bool"),
        (torch.ones(4, 2), r"\[4, 3\], not \[4, 2\]"),
        (2 * torch.ones(4, 3), r"in \[0, 1\]"),
    ):
        with pytest.raises(RecipeError, match=told):
            mixgen.soft_labels(wrong, plan, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Alternate(()),
        lambda: Alternate((MixUp(), 3)),
        lambda: Alternate((MixUp(), CutMix()), weights=(1,)),
        lambda: Alternate((MixUp(), CutMix()), weights=(0, 0)),
        lambda: Alternate((MixUp(), CutMix()), weights=(1, -1)),
        lambda: Alternate((MixGen(budget="warn"), MixGen())),
        lambda: MixGen(join=3),
        lambda: MixGen(join=" and ", text="keep_each"),
        lambda: MixGen(join=" and ", budget="balance"),
        lambda: BatchMixGen(Alternate((MixUp(),)), compat="mixgen_batch"),
        lambda: mixgen.soft_labels(torch.tensor([0]), plan_at(MixGen(), batch_size=1), 2, smoothing=1.5),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(RecipeError):
        wrong()
