"""Triton kernels between convolutions: statistics, and normalisation with all that follows it.

Features lie in memory as [B, h, w, F] (channels last). A convolution that computes R x R pixels at once has F = R R C:
first the C channels of the pixel at the upper left, then those of the next in its row, and so on. What the kernels call
a plane is such features seen as H x W pixels of C channels.
"""

from typing import Any

import triton
import triton.language as tl

NONE, RELU, SIGMOID = 0, 1, 2


@triton.jit
def _found(
    base: Any,
    y: Any,
    x: Any,
    c: Any,
    columns: Any,
    features: Any,
    channels: Any,
    side: tl.constexpr,
    further: tl.constexpr,
) -> Any:
    """Where a plane's pixel lies: `further` where odd rows and columns are found one place on."""
    row = y % side
    column = x % side
    block_y = y // side + further * row
    block_x = x // side + further * column
    return base + (block_y * columns + block_x) * features + (row * side + column) * channels + c


@triton.jit
def plane_moments(
    source: Any,
    partial: Any,
    height: Any,
    width: Any,
    rows: Any,
    columns: Any,
    features: Any,
    channels: Any,
    splits: Any,
    side: tl.constexpr,
    further: tl.constexpr,
    tile: tl.constexpr,
    lanes: tl.constexpr,
) -> None:
    """Counts, means and squared deviations of the parts of a plane: [B, splits, 3, C] float32.

    Parts are merged as Chan et al. (1983) do: sums of squares would lose the variance of features far from zero.
    """
    image = tl.program_id(0)
    split = tl.program_id(1)
    c = tl.program_id(2) * lanes + tl.arange(0, lanes)
    inside_c = c < channels
    pixels = height * width
    each = tl.cdiv(tl.cdiv(pixels, splits), tile) * tile
    base = image.to(tl.int64) * rows * columns * features
    count = 0.0
    mean = tl.zeros([lanes], tl.float32)
    squares = tl.zeros([lanes], tl.float32)
    for start in range(split * each, min(split * each + each, pixels), tile):
        at = start + tl.arange(0, tile)
        inside = at < pixels
        y = (at // width)[:, None]
        x = (at % width)[:, None]
        where = _found(base, y, x, c[None, :], columns, features, channels, side, further)
        both = inside[:, None] & inside_c[None, :]
        values = tl.load(source + where, mask=both, other=0.0).to(tl.float32)
        here = tl.sum(inside.to(tl.float32), 0)
        own = tl.sum(values, 0) / here
        apart = tl.where(both, values - own[None, :], 0.0)
        together = count + here
        step = own - mean
        squares += tl.sum(apart * apart, 0) + step * step * (count * here / together)
        mean += step * (here / together)
        count = together
    out = partial + ((image * splits + split) * 3) * channels + c
    tl.store(out, tl.zeros([lanes], tl.float32) + count, mask=inside_c)
    tl.store(out + channels, mean, mask=inside_c)
    tl.store(out + 2 * channels, squares, mask=inside_c)


@triton.jit
def _merged(partial: Any, image: Any, c: Any, inside: Any, channels: Any, splits: Any, lanes: tl.constexpr) -> Any:
    count = tl.zeros([lanes], tl.float32)
    mean = tl.zeros([lanes], tl.float32)
    squares = tl.zeros([lanes], tl.float32)
    for split in range(splits):
        at = partial + ((image * splits + split) * 3) * channels + c
        here = tl.load(at, mask=inside, other=0.0)
        own = tl.load(at + channels, mask=inside, other=0.0)
        more = tl.load(at + 2 * channels, mask=inside, other=0.0)
        together = tl.maximum(count + here, 1.0)
        step = own - mean
        squares += more + step * step * (count * here / together)
        mean += step * (here / together)
        count += here
    return mean, squares / tl.maximum(count, 1.0)


@triton.jit
def _bordered(at: Any, size: Any, border: tl.constexpr, reflects: tl.constexpr) -> Any:
    """The pixel that a padded plane shows in a place; what lies beyond its border shows any."""
    at = at - border
    if reflects:
        at = tl.where(at < 0, -at, at)
        at = tl.where(at >= size, 2 * size - 2 - at, at)
    return tl.minimum(tl.maximum(at, 0), size - 1)


@triton.jit
def normalize_plane(
    source: Any,
    partial: Any,
    scales: Any,
    shifts: Any,
    shortcut: Any,
    amounts: Any,
    noise: Any,
    out: Any,
    images: Any,
    height: Any,
    width: Any,
    rows: Any,
    columns: Any,
    features: Any,
    channels: Any,
    splits: Any,
    style_stride: Any,
    out_height: Any,
    out_width: Any,
    planes: Any,
    noise_side: Any,
    side: tl.constexpr,
    further: tl.constexpr,
    border: tl.constexpr,
    reflects: tl.constexpr,
    out_side: tl.constexpr,
    styled: tl.constexpr,
    adds: tl.constexpr,
    grained: tl.constexpr,
    act: tl.constexpr,
    tile: tl.constexpr,
    lanes: tl.constexpr,
) -> None:
    """Normalises a plane, scales, shifts, adds, activates, roughens, and lays a border around it.

    The result is a padded plane of `out_height` x `out_width` pixels, `out_side` x `out_side` of them in a place. A
    source of fewer images is read again: `images` is its number.
    """
    image = tl.program_id(0)
    c = tl.program_id(2) * lanes + tl.arange(0, lanes)
    inside_c = c < channels
    at = tl.program_id(1) * tile + tl.arange(0, tile)
    inside = at < out_height * out_width
    both = inside[:, None] & inside_c[None, :]
    out_y = at // out_width
    out_x = at % out_width
    y = _bordered(out_y, height, border, reflects)[:, None]
    x = _bordered(out_x, width, border, reflects)[:, None]
    own = image % images
    mean, variance = _merged(partial, own, c, inside_c, channels, splits, lanes)
    scale = tl.rsqrt(variance + 1e-5)
    shift = -mean * scale
    if styled:
        gamma = tl.load(scales + image * style_stride + c, mask=inside_c, other=0.0)
        beta = tl.load(shifts + image * style_stride + c, mask=inside_c, other=0.0)
        scale = scale * gamma
        shift = shift * gamma + beta
    base = own.to(tl.int64) * rows * columns * features
    where = _found(base, y, x, c[None, :], columns, features, channels, side, further)
    values = tl.load(source + where, mask=both, other=0.0).to(tl.float32) * scale[None, :] + shift[None, :]
    if adds:
        # The shortcut has a border of 1, like what the residual blocks write.
        first = image.to(tl.int64) * (height + 2) * (width + 2) * channels
        beside = shortcut + first + ((y + 1) * (width + 2) + x + 1) * channels + c[None, :]
        values += tl.load(beside, mask=both, other=0.0).to(tl.float32)
    if act == 1:
        values = tl.maximum(values, 0.0)
    if act == 2:
        values = tl.sigmoid(values)
    if grained:
        amount = tl.load(amounts + image * style_stride + c, mask=inside_c, other=0.0)
        place = ((c % planes)[None, :] * noise_side + y % noise_side) * noise_side + x % noise_side
        values += amount[None, :] * tl.load(noise + place, mask=both, other=0.0).to(tl.float32)
    out_base = image.to(tl.int64) * out_height * out_width * channels
    out_features = out_side * out_side * channels
    there = _found(
        out_base, out_y[:, None], out_x[:, None], c[None, :], out_width // out_side, out_features, channels, out_side, 0
    )
    tl.store(out + there, values.to(out.dtype.element_ty), mask=both)
