"""Power spectra: how much of a picture is fine and how much coarse, and whether cells of four pixels show in it.

Gram matrices of a few small features leave a spectrum much freedom: a network meets them by ripples of the period that
it makes most easily, and by none of the finest grain. Liu et al. (2016, arXiv 1605.01141) hold textures to the whole
spectrum of the wanted one; here it is its logarithm in bands, which leaves places free.
"""

import torch
from torch import Tensor

from impasto.checks import require

#: Bounds of the bands across and down, in 96ths of a cycle in a pixel: narrow at periods of eight and four pixels,
#: which are those that a network can alternate at before it doubles the size once or twice more.
BOUNDS = (0, 3, 6, 9, 11, 14, 17, 20, 23, 26, 32, 40, 49)
#: Bands, counted from the coarsest, that are content where a frequency lies in one of them both across and down.
CONTENT = 2
#: The power that is none: of noise whose deviation is a 255th.
FLOOR = 1 / 255**2
#: A network that doubles sizes twice does alike in every cell of so many pixels.
PERIOD = 4


def log_spectrum(images: Tensor) -> Tensor:
    """Logarithms of the mean power in bands of frequency, without those that are mostly content.

    Args:
        images: [B, 3, H, W] in [0, 1].

    Returns:
        [B, K], of the grays; noise of a deviation s has ``log(s ** 2 + FLOOR)`` in all of them, but for chance.
    """
    power = _power(images)  # [B, H, W]
    down = _bands(torch.fft.fftfreq(images.shape[-2], device=images.device))  # [N, H]
    across = _bands(torch.fft.fftfreq(images.shape[-1], device=images.device))  # [N, W]
    found = torch.einsum("nh,bhw,mw->bnm", down.to(power.dtype), power, across.to(power.dtype))  # [B, N, N]
    fine = torch.ones(found.shape[1:], dtype=torch.bool, device=images.device)
    fine[:CONTENT, :CONTENT] = False
    return torch.log(found[:, fine] + FLOOR)


def grid_energy(images: Tensor) -> Tensor:
    """The power of rows and columns at the period of four pixels, over that of frequencies beside it.

    Args:
        images: [B, 3, S, S] in [0, 1]; S a multiple of 4, of at least 32.

    Returns:
        [B]: about 1 where a spectrum is smooth; pictures that repeat every four pixels have more.

    Raises:
        RecipeError: If images are not square, or S is another.
    """
    height, side = images.shape[-2:]
    fits = height == side and side % PERIOD == 0 and side >= 32
    require(fits, f"images of {height}x{side} pixels: the grid is seen in squares of 32, 36, 40, ... pixels")
    power = _power(images)  # [B, S, S]
    along = (power.sum(dim=1) + power.sum(dim=2))[:, : side // 2]  # [B, S/2], by frequency across and down
    at = side // PERIOD
    # A Hann window spreads a frequency over three; four on either side of those are what is beside it.
    beside = torch.cat([along[:, at - 6 : at - 2], along[:, at + 3 : at + 7]], dim=1)
    energy: Tensor = (along[:, at - 1 : at + 2].mean(dim=1) + FLOOR) / (beside.mean(dim=1) + FLOOR)
    return energy


def _power(images: Tensor) -> Tensor:
    """Of the grays without their mean, under Hann windows: [B, H, W]; noise of variance v has v in each."""
    height, width = images.shape[-2:]
    gray = images.mean(dim=1)  # [B, H, W]
    down = torch.hann_window(height, periodic=False, dtype=gray.dtype, device=gray.device)
    across = torch.hann_window(width, periodic=False, dtype=gray.dtype, device=gray.device)
    window = down[:, None] * across  # [H, W]
    found = torch.fft.fft2((gray - gray.mean(dim=(1, 2), keepdim=True)) * window)
    power: Tensor = found.abs().square() / window.square().sum()
    return power


def _bands(frequencies: Tensor) -> Tensor:
    """Rows [N, F] that take the mean over the frequencies [F] in each band; of one that is empty nothing."""
    bounds = torch.tensor(BOUNDS, device=frequencies.device) / 96
    place = torch.bucketize(frequencies.abs(), bounds, right=True) - 1  # [F]
    member = (place[None] == torch.arange(len(BOUNDS) - 1, device=place.device)[:, None]).float()  # [N, F]
    return member / member.sum(dim=1, keepdim=True).clamp(min=1)
