"""Fourier amplitudes mixed between images: style without a network."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor

from impasto.checks import is_number, require
from impasto.style.randomize.arithmetic import from_unit, to_unit
from impasto.style.randomize.draw import Ratio
from impasto.style.randomize.strength import Alpha, check_alpha
from impasto.style.relatives.partners import PartnerPlan, draw_partners
from impasto.style.relatives.relative import Domains, Relative


class AmplitudeMix(Relative[PartnerPlan]):
    """Mixes the amplitudes of an image's spectrum with a partner's, and keeps the phases, which hold the shapes.

    ``F' = ((1 - alpha) |F| + alpha |F_partner|) exp(i arg F)`` for each channel (Xu et al. 2021, arXiv 2105.11398,
    equation 4: ``alpha`` from ``U(0, 1)``, all frequencies); with ``alpha=1`` and a narrow ``band`` it is FDA (Yang and
    Soatto 2020, arXiv 2004.05498: their L is half of ``band``).

    Args:
        alpha: How much of the partner's amplitudes: a number, a range, a `Beta` or a distribution.
        band: The share of frequencies, along either side, from the lowest on, that are mixed, in (0, 1].
        ratio: Unaugmented to augmented images, such as ``"2:1"``, or the augmented share. By default all.
        seed: Key of the plans.
        in_eval: Whether it stays on in evaluation mode.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> mixed = AmplitudeMix(alpha=(0, 1))
        >>> mixed(torch.rand(4, 3, 8, 8)).shape
        torch.Size([4, 3, 8, 8])
        >>> mixed.draw(3)
        PartnerPlan(3 rows, changed: [0<2@0.957, 1<2@0.0586, 2<0@0.236])
    """

    purpose = "amplitudes"

    def __init__(
        self,
        *,
        alpha: Alpha = (0.0, 1.0),
        band: float = 1.0,
        ratio: Ratio = "0:1",
        seed: int = 0,
        in_eval: bool = False,
    ) -> None:
        super().__init__(ratio=ratio, seed=seed, in_eval=in_eval)
        check_alpha(alpha)
        require(is_number(band) and 0 < band <= 1, f"band={band!r} must lie in (0, 1]: 1 mixes all frequencies")
        self.alpha = alpha
        self.band = float(band)

    def _draw(self, rng: np.random.Generator, count: int, share: float, domains: Domains | None) -> PartnerPlan:
        return draw_partners(rng, count, share=share, alpha=self.alpha, domains=domains)

    def _change(self, images: Tensor, plan: PartnerPlan) -> Tensor:
        height, width = images.shape[-2:]
        device = images.device
        unit = to_unit(
            images, torch.promote_types(images.dtype, torch.float32) if images.is_floating_point() else torch.float32
        )
        own = torch.fft.rfft2(unit.index_select(0, plan.rows.to(device)))  # [M, 3, H, W/2+1]
        partner = torch.fft.rfft2(unit.index_select(0, plan.partners.to(device))).abs()
        low = (
            _within(torch.fft.fftfreq(height), self.band)[:, None] & _within(torch.fft.rfftfreq(width), self.band)
        ).to(device)
        alphas = torch.where(low, plan.alphas.to(device, unit.dtype)[:, None, None, None], 0.0)
        amplitude = own.abs()
        phase = torch.where(amplitude > 0, own / amplitude.clamp_min(torch.finfo(unit.dtype).tiny), 1.0)
        mixed = torch.fft.irfft2(phase * torch.lerp(amplitude, partner, alphas), s=(height, width))
        return from_unit(cast(Tensor, mixed).clamp(0.0, 1.0), images.dtype)

    def extra_repr(self) -> str:
        """What was chosen."""
        return f"alpha={self.alpha!r}, band={self.band:g}, {super().extra_repr()}"


def _within(frequencies: Tensor, band: float) -> Tensor:
    return frequencies.abs() <= band / 2
