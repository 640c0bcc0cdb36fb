"""Spectra of noise and waves, whose power is known, and what the objective makes of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

import impasto
from impasto.style.networks.features import SmallVGG
from impasto.style.transfer.objectives import BalancedObjective
from impasto.style.transfer.spectra import BOUNDS, CONTENT, FLOOR, grid_energy, log_spectrum


def _noise(count: int, height: int, width: int) -> Tensor:
    """Gray noise, uniform: of variance a twelfth."""
    return torch.rand(count, 1, height, width, generator=torch.Generator().manual_seed(0)).expand(-1, 3, -1, -1)


@pytest.mark.parametrize("size", [(96, 96), (64, 90)])
@pytest.mark.parametrize("contrast", [1.0, 0.05])
def test_noise_has_its_variance_in_every_band(size: tuple[int, int], contrast: float) -> None:
    found = log_spectrum(0.5 + contrast * (_noise(200, *size) - 0.5)).exp().mean(dim=0)  # [K]
    np.testing.assert_allclose(found, contrast**2 / 12 + FLOOR, rtol=0.2)
    assert len(found) == (len(BOUNDS) - 1) ** 2 - CONTENT**2


def test_a_wave_is_in_its_band_alone() -> None:
    """At a period of eight pixels across and of four down; twice as high, it has four times the power."""
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    wave = torch.cos(2 * math.pi * (x / 8 + y / 4)).expand(1, 3, -1, -1)
    low, high = log_spectrum(0.5 + 0.1 * wave), log_spectrum(0.5 + 0.2 * wave)
    band = [next(n for n, bound in enumerate(BOUNDS) if bound > 96 // period) - 1 for period in (4, 8)]
    place = band[0] * (len(BOUNDS) - 1) + band[1] - CONTENT**2
    assert int(low.argmax()) == place
    assert float((high - low)[0, place]) == pytest.approx(math.log(4), abs=0.01)
    assert float(low.exp()[0, place]) > 100 * float(low.exp().sum() - low.exp()[0, place])


def test_grids_of_four_pixels_are_found() -> None:
    noise = torch.rand(4, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    smooth = grid_energy(noise)
    assert float((smooth - 1).abs().max()) < 0.5
    cells = torch.zeros(128)
    cells[::4] = 0.2
    for grid in (cells, cells[:, None]):
        assert float((grid_energy(noise + grid) / smooth).min()) > 2
    cells = torch.zeros(128)
    cells[::5] = 0.2
    assert float((grid_energy(noise + cells) / smooth).max()) < 1.2
    assert float(grid_energy(torch.full((1, 3, 32, 32), 0.5))) == pytest.approx(1)
    for size in ((30, 30), (28, 28), (32, 36)):
        with pytest.raises(impasto.RecipeError, match="squares of 32, 36"):
            grid_energy(torch.zeros(1, 3, *size))


def test_an_objective_asks_for_the_styles_spectrum_and_no_grid() -> None:
    torch.manual_seed(0)
    contents, styles = torch.rand(2, 3, 32, 32), torch.nn.functional.avg_pool2d(torch.rand(2, 3, 34, 34), 3, 1)
    features = SmallVGG(widths=(4, 4, 4, 4)).requires_grad_(False)
    seen = BalancedObjective(features, styles, spectrum_weight=2.0, grid_weight=3.0)
    blind = BalancedObjective(features, styles)
    ones, zeros = torch.ones(2), torch.zeros(2)
    assert seen(styles, contents, styles, ones, 0.5)["spectrum"] == 0
    assert seen(contents, contents, styles, zeros, 0.5)["spectrum"] == 0
    cells = torch.zeros(32)
    cells[::4] = 0.5
    painted = (contents + cells).requires_grad_()
    found, without = seen(painted, contents, styles, ones, 0.5), blind(painted, contents, styles, ones, 0.5)
    assert found["grid"] > seen(contents, contents, styles, ones, 0.5)["grid"] + 0.5
    added = 2 * found["spectrum"] + 3 * found["grid"]
    assert torch.allclose(found["loss"], without["loss"] + added)
    assert not {"spectrum", "grid"} & without.keys()
    torch.autograd.backward(found["spectrum"] + found["grid"])
    assert painted.grad is not None
    assert painted.grad.isfinite().all()
    lower = painted.detach() - 0.01 * painted.grad.sign()
    less = seen(lower, contents, styles, ones, 0.5)
    assert less["spectrum"] + less["grid"] < found["spectrum"] + found["grid"]
