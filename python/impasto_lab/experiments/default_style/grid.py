"""The grid that doubling sizes leaves: how much more there is at its frequency than beside it."""

from __future__ import annotations

import torch
from torch import Tensor

#: The network doubles sizes twice: what it does alike in every cell recurs after four pixels.
PERIOD = 4


def grid_energy(images: Tensor) -> Tensor:
    """The power of rows and columns at the period of four pixels, over that of frequencies beside it.

    Args:
        images: [N, 3, S, S] in [0, 1]; S a multiple of 4, of at least 48.

    Returns:
        [N]: about 1 where a spectrum is smooth; pictures that repeat every four pixels have more.
    """
    side = images.shape[-1]
    window = torch.hann_window(side, periodic=False)
    gray = images.mean(dim=1)  # [N, S, S]
    gray = (gray - gray.mean(dim=(1, 2), keepdim=True)) * window[:, None] * window
    power = torch.fft.fft2(gray).abs().square()  # [N, S, S]
    along = (power.sum(dim=1) + power.sum(dim=2))[:, : side // 2]  # [N, S/2], by frequency across and down
    at = side // PERIOD
    # A Hann window spreads a frequency over three; four on either side of those are what is beside it.
    beside = torch.cat([along[:, at - 6 : at - 2], along[:, at + 3 : at + 7]], dim=1)
    energy: Tensor = along[:, at - 1 : at + 2].mean(dim=1) / beside.mean(dim=1)
    return energy
