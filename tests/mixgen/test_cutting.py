"""CutMix: torchvision's rectangles, the same in the loader and on tensors."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto import BatchMixGen, CutMix, CutMixUp, ImageRecipe, Loader, PatchMix, Recipe, RecipeError, mixgen
from impasto.recipe import Beta
from impasto.sources import Sequence

ROWS = 8


@given(
    seed=st.integers(0, 2**40),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    per=st.sampled_from(["batch", "sample"]),
)
def test_rectangles_are_torchvision_s(seed, height, width, per):
    """v2.CutMix.make_params, with the middle where ours was drawn."""
    plan = mixgen.plan_at(CutMix(lam_per=per), batch_size=ROWS, seed=seed)
    sized = plan.at_size(height, width)
    for row, (x, y, side) in enumerate(plan.cuts[:, :3].tolist()):
        assert side == pytest.approx(math.sqrt(1 - plan.lams[row]), abs=1e-6)
        r = 0.5 * side
        r_x, r_y, r_w_half, r_h_half = int(x * width), int(y * height), int(r * width), int(r * height)
        x1, y1 = max(r_x - r_w_half, 0), max(r_y - r_h_half, 0)
        x2, y2 = min(r_x + r_w_half, width), min(r_y + r_h_half, height)
        assert plan.boxes(height, width)[row].tolist() == [x1, y1, x2, y2]
        assert sized.lams[row] == pytest.approx(1 - (x2 - x1) * (y2 - y1) / (width * height), abs=1e-6)
    assert len({tuple(cut) for cut in plan.cuts.tolist()}) == (1 if per == "batch" else ROWS)


@pytest.mark.parametrize("per", ["batch", "sample"])
def test_the_loader_and_the_module_agree(photographs, encode, per):
    cuts = [photographs["coffee"][at : at + 50, at : at + 60] for at in range(0, 20 * ROWS, 20)]
    data = Sequence([(encode(image), f"caption {at}") for at, image in enumerate(cuts)])

    def batch(mix):
        recipe = Recipe(image=ImageRecipe(size=(24, 40)), mix=mix)
        return next(iter(Loader(data, recipe, batch_size=ROWS, seed=5)))

    plain, mixed = batch(None), batch(CutMix(lam_per=per))
    module = BatchMixGen(CutMix(lam_per=per), seed=5)({"images": plain.images, "captions": plain.captions})
    assert torch.equal(module["images"], mixed.images)
    assert np.array_equal(module["mix_plan"].lams, mixed.plan.lams)
    assert module["captions"] == mixed.captions == plain.captions
    assert not torch.equal(mixed.images, plain.images)
    for row in range(ROWS):
        left, top, right, bottom = mixed.plan.mix.boxes(24, 40)[row]
        inside = torch.zeros(24, 40, dtype=torch.bool)
        inside[top:bottom, left:right] = True
        partner = plain.images[mixed.plan.partners[row]]
        assert torch.equal(mixed.images[row], torch.where(inside, partner, plain.images[row]))
        assert mixed.plan.lams[row] == pytest.approx(1 - inside.float().mean().item(), abs=1e-6)


def test_labels_are_shared_as_the_pixels_are():
    plan = mixgen.plan_at(CutMix(), batch_size=4, seed=1).at_size(16, 16)
    soft = mixgen.soft_labels(torch.arange(4), plan, classes=4)
    for row in range(4):
        assert soft[row, row] == pytest.approx(float(plan.lams[row]))
        assert soft[row, plan.partners[row]] == pytest.approx(1 - float(plan.lams[row]))


def test_what_does_not_fit_is_refused():
    with pytest.raises(RecipeError, match="with B=4"):
        mixgen.cut(torch.zeros(3, 3, 8, 8), mixgen.plan_at(CutMix(), batch_size=4))


FORMS = {
    "CutMixUp": CutMixUp(ratio=0.5),
    "PatchMix": PatchMix(4),
    "each": CutMixUp(pairing="shuffle", ratio=1.0, lam=Beta(1, 1), lam_per="sample", inside=0.9, grid=5),
}


@pytest.fixture(scope="module")
def pictures(photographs, encode):
    cuts = [photographs["coffee"][at : at + 50, at : at + 60] for at in range(0, 20 * ROWS, 20)]
    return Sequence([(encode(image), f"caption {at}") for at, image in enumerate(cuts)])


def loaded(pictures, mix, **image):
    recipe = Recipe(image=ImageRecipe(size=(24, 40), **image), mix=mix)
    return next(iter(Loader(pictures, recipe, batch_size=ROWS, seed=5)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("dtype", "layout"),
    [("float32", "chw"), ("float32", "hwc"), ("uint8", "hwc"), ("uint8", "chw"), ("bfloat16", "chw")],
)
def test_pixels_weigh_what_the_plan_says(pictures, form, dtype, layout):
    image = {"dtype": dtype, "layout": layout, "normalize": None}
    plain, mixed = (loaded(pictures, mix, **image) for mix in (None, FORMS[form]))
    plan = mixed.plan.mix
    exact = loaded(pictures, None, dtype="uint8", layout="hwc", normalize=None).images.double()
    scale, tolerance = {"uint8": (1, 0.501), "float32": (255, 1e-3), "bfloat16": (255, 0.51)}[dtype]
    found = mixed.images.double() * scale
    found = found if layout == "hwc" else found.permute(0, 2, 3, 1)
    for row, (left, top, right, bottom) in enumerate(plan.boxes(24, 40).tolist()):
        around, within = plan.weights[row].tolist()
        own = torch.full((24, 40, 1), around, dtype=torch.float64)
        own[top:bottom, left:right] = within
        expected = own * exact[row] + (1 - own) * exact[plan.partners[row]]
        assert (found[row] - expected).abs().max() <= tolerance
        assert plan.lams[row] == pytest.approx(own.mean().item(), abs=1e-6)
    assert plan.mixed.any() and not torch.equal(plain.images, mixed.images)


@pytest.mark.parametrize("form", FORMS)
def test_forms_agree_in_loader_module_and_compiled_parts(pictures, form):
    plain, mixed = (loaded(pictures, mix) for mix in (None, FORMS[form]))
    module = BatchMixGen(FORMS[form], seed=5)({"images": plain.images, "captions": plain.captions})
    drawn = mixgen.draw_tensors(mixgen.plan_at(FORMS[form], seed=5, batch_size=ROWS), size=(24, 40))
    for images in (module["images"], mixgen.apply_images(plain.images, drawn)):
        assert torch.allclose(images, mixed.images, atol=2e-6)
    assert module["captions"] == mixed.captions
    for plan in (module["mix_plan"], mixed.plan.mix):
        assert np.array_equal(plan.lams, drawn.lams.numpy())
    joined = [caption for caption in mixed.captions if " and " in caption]
    assert len(joined) == (0 if form == "PatchMix" else int(mixed.plan.mixed.sum()))


@given(seed=st.integers(0, 2**40), grid=st.integers(4, 32), cell=st.integers(1, 16), least=st.floats(0.1, 1))
def test_squares_are_whole_cells_within_the_image(seed, grid, cell, least):
    mix = PatchMix(grid, sides=(least, 1.0), lam_per="sample")
    boxes = mixgen.plan_at(mix, batch_size=ROWS, seed=seed).boxes(grid * cell, grid * cell)
    half = cell % 2 and grid > 1  # of an odd cell, halves are rounded down
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    assert (width == height).all() and (boxes >= 0).all() and (boxes <= grid * cell).all()
    assert (width >= max(int(least * grid + 1e-9), 1) * cell - 1).all()
    if not half:
        assert not (boxes % cell).any()


def test_sides_are_as_likely_as_each_other():
    """TiMix draws a whole number of patches, evenly."""
    plan = mixgen.plan_at(PatchMix(8, lam_per="sample"), batch_size=4000)
    sides, counts = np.unique(plan.boxes(8 * 2, 8 * 2)[:, 2:] - plan.boxes(16, 16)[:, :2], return_counts=True)
    assert sides.tolist() == [4, 6, 8, 10, 12] and abs(counts / 8000 - 0.2).max() < 0.03
    assert plan.boxes(16, 16)[:, 0].min() == 0 and plan.boxes(16, 16)[:, 2].max() == 16


def test_contrastive_targets_are_shares_of_images():
    plan = mixgen.plan_at(PatchMix(4, lam_per="sample"), batch_size=6, seed=2).at_size(16, 16)
    images, texts = torch.nn.functional.normalize(
        torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0)), dim=-1
    )
    logits = (7 * images @ texts.T).double()
    there, back = torch.zeros(6, 6, dtype=torch.float64), torch.zeros(6, 6, dtype=torch.float64)
    for row in range(6):
        there[row, row] += float(plan.lams[row])
        there[row, int(plan.partners[row])] += 1 - float(plan.lams[row])
    for column in range(6):
        back[column] = there[:, column] / there[:, column].sum()
    expected = -(there * logits.log_softmax(1)).sum(1).mean() - (back * logits.T.log_softmax(1)).sum(1).mean()
    loss = mixgen.clip_loss(images, texts, torch.tensor(7.0), plan=plan, partners="shares")
    assert loss.item() == pytest.approx(expected.item() / 2, rel=1e-5)
    joined = mixgen.plan_at(CutMixUp(), batch_size=6)
    with pytest.raises(RecipeError, match="text='own'"):
        mixgen.clip_loss(images, texts, torch.tensor(7.0), plan=joined, partners="shares")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sides": (0, 0.5)},
        {"sides": (0.6, 0.5)},
        {"sides": 0.5},
        {"grid": 0},
        {"grid": 4, "sides": None},
        {"inside": 2},
        {"image": "mix"},
    ],
)
def test_nonsense_about_rectangles_is_refused(wrong):
    with pytest.raises(RecipeError, match="|".join(["sides=", "grid=", "inside="])):
        PatchMix(**wrong)


def test_robust_mixgen_s_weights():
    """A half around, three quarters within (Kim et al. 2024)."""
    plan = mixgen.plan_at(CutMixUp(ratio=0.5), batch_size=ROWS, seed=3)
    assert plan.mixed.any()
    assert (plan.weights[plan.mixed] == [0.5, 0.75]).all()
    assert (plan.weights[~plan.mixed] == 1).all()


@given(seed=st.integers(0, 2**40), least=st.floats(0.1, 0.4), most=st.floats(0.6, 1))
def test_free_squares_lie_within_the_image(seed, least, most):
    mix = CutMixUp(ratio=0.5, lam_per="sample", sides=(least, most))
    plan = mixgen.plan_at(mix, batch_size=64, seed=seed)
    x, y, side = plan.cuts[plan.mixed, :3].T
    assert ((side >= least) & (side <= most)).all()
    assert np.ptp(side) > 0.4 * (most - least)  # of 32 draws from all of the range
    for middle in (x, y):
        assert (middle - side / 2 >= -1e-9).all() and (middle + side / 2 <= 1 + 1e-9).all()
