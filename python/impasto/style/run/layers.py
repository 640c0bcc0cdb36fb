"""Layers of the fast networks: in the best layout, in place where the tensor is their own, statistics in float32."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.style.run import fold

#: Pixels that a CPU works on at once for each thread: for memory's sake; it makes no difference in time.
PIXELS = 2 * 96 * 96


def at_once(images: Tensor, pixels: int) -> int:
    """How many of the images [B, 3, H, W] to work on at a time on a CPU, so many pixels."""
    return max(1, pixels // (images.size(2) * images.size(3)))


def channels_last(values: Tensor) -> bool:
    """Whether values [B, C, H, W] are best in channels_last; wide numbers on a GPU are faster as they are usually."""
    return values.device.type == "cpu" or values.dtype == torch.float16 or values.dtype == torch.bfloat16


def laid_out(values: Tensor) -> Tensor:
    """A tensor [B, C, H, W] in the best layout."""
    if channels_last(values):
        return values.contiguous(memory_format=torch.channels_last)
    return values.contiguous()


def blank(like: Tensor, shape: list[int]) -> Tensor:
    """A tensor [B, C, H, W] of another's dtype, on its device and in the best layout, with nothing in it yet."""
    # An empty tensor that is laid out is copied: for doubled features that took five times as long as filling them.
    layout = torch.channels_last if channels_last(like) else torch.contiguous_format
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=layout)


def copied(weight: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """A weight's copy without gradients, laid out if it has four dimensions."""
    copy = weight.detach().clone() if dtype is None else weight.detach().to(dtype, copy=True)
    return laid_out(copy) if copy.ndim == 4 else copy


class LaidOut(nn.Module):
    """A layer whose weights are laid out anew where it is moved to."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "LaidOut":
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, value in self._buffers.items():
            if value is not None and value.ndim == 4:
                self._buffers[name] = laid_out(value)
        return self


class FastReflectConv(LaidOut):
    """A convolution over reflected borders.

    Args:
        weight: [O, I, k, k].
        bias: [O], or None for none.
        border: What is padded on each side.
        stride: Of the convolution.
        dtype: Of what is computed; the weight's by default.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None = None,
        *,
        border: int = 1,
        stride: int = 1,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.border = border
        self.stride = stride
        self.register_buffer("weight", copied(weight, dtype), persistent=False)
        self.register_buffer("bias", None if bias is None else copied(bias, dtype), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """From [B, I, H, W] to [B, O, H', W'], a tensor of its own."""
        return self.direct(features)

    def direct(self, features: Tensor) -> Tensor:
        """The same, by torch's convolution, which a form in its place may fall back on."""
        ready = features.to(self.weight.dtype)
        padded = functional.pad(ready, [self.border, self.border, self.border, self.border], mode="reflect")
        return functional.conv2d(laid_out(padded), self.weight, self.bias, [self.stride, self.stride])


class DoublingConv(LaidOut):
    """A 3x3 convolution of doubled features, as one of the features: see `fold.subpixel` and `fold.bilinear`.

    Args:
        weight: [O, I, 3, 3].
        bilinear: Whether features are doubled bilinearly, over repeated borders; else by repeating pixels, over
            reflected ones.
        dtype: Of what is computed; the weight's by default.
    """

    weight: Tensor

    def __init__(self, weight: Tensor, *, bilinear: bool = False, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.width = weight.size(0)
        # Pixels of odd rows and columns are found one place further on, where two rows and columns are seen, not three.
        self.further = 0 if bilinear else 1
        folded = fold.bilinear(weight) if bilinear else fold.subpixel(weight)
        self.register_buffer("weight", copied(folded, dtype), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """From [B, I, H, W] to [B, O, 2H, 2W], a tensor of its own."""
        height, width = features.size(2), features.size(3)
        padded = functional.pad(features, [1, 1, 1, 1], mode="replicate")
        found = functional.conv2d(laid_out(padded), self.weight)  # [B, 4 O, H, W], or one row and column more
        return interleaved(found, self.width, self.further, height, width)


def interleaved(found: Tensor, channels: int, further: int, height: int, width: int) -> Tensor:
    """Four pixels of each place side by side: from [B, 4 C, H, W], or one row and column more, to [B, C, 2H, 2W].

    Args:
        found: Even rows and columns, even and odd, odd and even, odd and odd.
        channels: C.
        further: How many places further on those of odd rows, or columns, are found.
        height: H.
        width: W.
    """
    doubled = blank(found, [found.size(0), channels, 2 * height, 2 * width])
    for row in range(2):
        for column in range(2):
            first = (2 * row + column) * channels
            top, left = row * further, column * further
            part = found[:, first : first + channels, top : top + height, left : left + width]
            doubled[:, :, row::2, column::2] = part
    return doubled


def outspread(features: Tensor, border: int, *, reflect: bool) -> Tensor:
    """Features of any dtype with rows and columns on each side, reflected or repeated.

    Args:
        features: [B, C, H, W] in channels_last, larger than the border where it is reflected.
        border: How many.
        reflect: Reflected (the outermost is not repeated), or the outermost repeated.

    Returns:
        [B, C, H + 2 border, W + 2 border] in channels_last.
    """
    rows = features.permute(0, 2, 3, 1)  # [B, H, W, C]
    for axis in (1, 2):
        last = rows.size(axis) - 1
        places = torch.arange(-border, last + 1 + border, device=features.device)
        inside = last - (last - places.abs()).abs() if reflect else places.clamp(0, last)
        rows = rows.index_select(axis, inside)
    return rows.permute(0, 3, 1, 2)


def standardize(features: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None) -> Tensor:
    """Instance normalisation, times gamma and plus beta, in place.

    torch's own returns a contiguous tensor, and its variance (as var_mean's) is one pass that CPUs are slow at; here
    deviations are squared, and one product and sum does the rest.

    Args:
        features: [B, C, H, W]; overwritten.
        gamma: [B, C], or None for 1.
        beta: [B, C], or None for 0.

    Returns:
        The features.
    """
    mean, variance = _moments(features)
    scale = torch.rsqrt(variance + 1e-5)
    if gamma is not None:
        scale = scale * gamma
    shift = -mean * scale if beta is None else torch.addcmul(beta, mean, scale, value=-1.0)
    # Not `addcmul_`, which refuses wide factors of narrow features: sums are rounded to them once, at the end.
    return torch.addcmul(shift[:, :, None, None], features, scale[:, :, None, None], out=features)


def wide_moments(features: Tensor) -> Tensor:
    """Means and standard deviations of channels over the places, as `impasto.style.networks.features.moments` has them.

    Args:
        features: [B, C, H, W].

    Returns:
        [B, 2C], of float32 for half precision.
    """
    mean, variance = _moments(features)
    return torch.cat([mean, (variance + 1e-5).sqrt()], dim=1)


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Means and variances [B, C] of features [B, C, H, W], of float32 for half precision."""
    flat = features.flatten(2).transpose(1, 2)  # [B, HW, C], a view in either memory format
    narrow = flat.dtype == torch.float16 or flat.dtype == torch.bfloat16
    mean = (flat.float() if narrow else flat).mean(dim=1)
    return mean, (flat - mean[:, None]).square_().mean(dim=1)
