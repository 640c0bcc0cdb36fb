"""The kernels as functions of tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import triton
from torch import Tensor
from torch.nn import functional

from impasto.style.run.fused import kernels

#: Pixels that a program takes at once, and the most channels.
TILE, LANES = 64, 64
#: Over how many programs an image's statistics are spread, at most, and for how many pixels each.
MOST_SPLITS = 32
PIXELS_A_SPLIT = 1024


@dataclass(frozen=True)
class Plane:
    """Features as a plane of pixels.

    Attributes:
        features: [B, F, h, w] in channels_last, where F is ``side * side * channels``, or more.
        channels: C.
        height: H, of the plane.
        width: W, of the plane.
        side: Pixels of the plane, along either side, that lie in a place of the features.
        further: Whether those of odd rows and columns are found one place on (`impasto.style.run.fold.subpixel`).
        moments: [B, splits, 3, C] float32: what `measured` adds.
    """

    features: Tensor
    channels: int
    height: int
    width: int
    side: int = 1
    further: bool = False
    moments: Tensor | None = None


@dataclass(frozen=True)
class Styles:
    """Scales, shifts and amounts of grain of B images: [B, C] float32, parts of one tensor's rows.

    Attributes:
        scales: Gammas.
        shifts: Betas.
        amounts: Of `noise`, or None.
        noise: [P, S, S]; given to channels in turn.
    """

    scales: Tensor | None = None
    shifts: Tensor | None = None
    amounts: Tensor | None = None
    noise: Tensor | None = None


def measured(plane: Plane) -> Plane:
    """The plane with the statistics of its channels."""
    count, features, rows, columns = plane.features.shape
    splits = max(1, min(MOST_SPLITS, plane.height * plane.width // PIXELS_A_SPLIT))
    lanes = min(LANES, triton.next_power_of_2(plane.channels))
    partial = plane.features.new_empty(count, splits, 3, plane.channels, dtype=torch.float32)
    kernels.plane_moments[count, splits, triton.cdiv(plane.channels, lanes)](
        plane.features,
        partial,
        plane.height,
        plane.width,
        rows,
        columns,
        features,
        plane.channels,
        splits,
        side=plane.side,
        further=int(plane.further),
        tile=TILE,
        lanes=lanes,
    )
    return replace(plane, moments=partial)


def normalized(
    plane: Plane,
    styles: Styles = Styles(),
    *,
    count: int | None = None,
    border: int = 1,
    reflects: bool = True,
    blocks: tuple[int, int, int] | None = None,
    shortcut: Tensor | None = None,
    act: int = kernels.RELU,
) -> Tensor:
    """A plane, normalised, styled, activated, and with a border: what the next convolution takes.

    Args:
        plane: Measured.
        styles: Of the images that are made.
        count: How many images are made, B; a multiple of the plane's, whose images are read in turn; its own by
            default.
        border: What is added on each side.
        reflects: Whether borders reflect; else they repeat.
        blocks: The side of blocks that pixels are laid in, and the padded plane's height and width, multiples of it.
        shortcut: [B, C, H + 2, W + 2] in channels_last, with a border: what is added before the activation.
        act: `kernels.NONE`, ``RELU`` or ``SIGMOID``.

    Returns:
        [B, C, H + 2 border, W + 2 border], or in blocks of R x R [B, R R C, h / R, w / R]; in channels_last.
    """
    assert plane.moments is not None
    own, features, rows, columns = plane.features.shape
    count = own if count is None else count
    side, height, width = blocks or (1, plane.height + 2 * border, plane.width + 2 * border)
    made = plane.features.new_empty(count, height // side, width // side, side * side * plane.channels)
    lanes = min(LANES, triton.next_power_of_2(plane.channels))
    nothing = plane.moments
    scales = styles.scales if styles.scales is not None else styles.amounts
    noise = styles.noise
    kernels.normalize_plane[count, triton.cdiv(height * width, TILE), triton.cdiv(plane.channels, lanes)](
        plane.features,
        plane.moments,
        nothing if styles.scales is None else styles.scales,
        nothing if styles.shifts is None else styles.shifts,
        plane.features if shortcut is None else shortcut,
        nothing if styles.amounts is None else styles.amounts,
        nothing if noise is None else noise,
        made,
        own,
        plane.height,
        plane.width,
        rows,
        columns,
        features,
        plane.channels,
        plane.moments.size(1),
        0 if scales is None else scales.stride(0),
        height,
        width,
        1 if noise is None else noise.size(0),
        1 if noise is None else noise.size(1),
        side=plane.side,
        further=int(plane.further),
        border=border,
        reflects=reflects,
        out_side=side,
        styled=styles.scales is not None,
        adds=shortcut is not None,
        grained=styles.amounts is not None,
        act=act,
        tile=TILE,
        lanes=lanes,
    )
    return made.permute(0, 3, 1, 2)


def in_blocks(images: Tensor, *, border: int, blocks: tuple[int, int, int], dtype: torch.dtype) -> Tensor:
    """Images with reflected borders, laid in blocks, as a convolution of many pixels at once takes them.

    Args:
        images: [B, C, H, W].
        border: What is reflected.
        blocks: The side R of a block, and the padded plane's height and width, multiples of it.
        dtype: Of the result.

    Returns:
        [B, R R C, h / R, w / R] in channels_last; rows and columns past the border are zero.
    """
    side, height, width = blocks
    padded = functional.pad(images.to(dtype), [border, border, border, border], mode="reflect")
    padded = functional.pad(padded, [0, width - padded.size(3), 0, height - padded.size(2)])
    count, channels = images.shape[:2]
    split = padded.view(count, channels, height // side, side, width // side, side)
    laid = split.permute(0, 2, 4, 3, 5, 1).reshape(count, height // side, width // side, side * side * channels)
    return laid.permute(0, 3, 1, 2)
