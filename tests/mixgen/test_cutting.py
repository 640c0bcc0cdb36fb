"""CutMix: torchvision's rectangles, the same in the loader and on tensors."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto import BatchMixGen, CutMix, ImageRecipe, Loader, Recipe, RecipeError, mixgen
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
    for row, (x, y, side) in enumerate(plan.cuts.tolist()):
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
