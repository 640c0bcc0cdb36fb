"""Wide 3x3 convolutions on a CPU in a quarter of the products.

Winograd's F(4x4, 3x3), as Lavin and Gray have it (2016, arXiv 1509.09308).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from impasto.style.run.layers import FastReflectConv, blank, laid_out

#: Tiles at a time: what is between the transforms, 36 numbers for each of a tile's channels, stays in a core's caches.
TILES = 80
#: Channels that it pays from on. One core of an AMD EPYC, 1 of 64x64 and 2 of 24x24: 64 channels take 1.06 and 0.81 of
#: a convolution's time, 96 take 0.68 and 0.75, 128 take 0.69 and 0.63.
_CHANNELS = 96
# Of the paper's transforms, each along one axis: of what is seen, of a kernel, and back.
_INTO = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0]]
_INTO += [[0, 4, 0, -5, 0, 1]]
_KERNEL = [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]  # by 24
_BACK = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]


def wide_conv(weight: Tensor, *, dtype: torch.dtype | None = None) -> FastReflectConv:
    """The faster of `FastReflectConv` and `TiledConv` for a weight [O, I, 3, 3], where it is."""
    # With AVX-512 oneDNN's convolution is twice as fast, and this was not measured.
    able = weight.device.type == "cpu" and torch.backends.cpu.get_cpu_capability() == "AVX2"
    wide = dtype is None or dtype == torch.float32 or dtype == torch.float64
    if able and wide and min(weight.size(0), weight.size(1)) >= _CHANNELS:
        return TiledConv(weight, dtype=dtype)
    return FastReflectConv(weight, dtype=dtype)


class TiledConv(FastReflectConv):
    """A 3x3 convolution over reflected borders, by tiles of 4x4 places.

    Sums are rounded seven times as much as a convolution's own, in float32 by 5e-5 of results of about 1. Elsewhere
    than on a CPU, in half precision and for torch's compiler it is that convolution. After a way through half precision
    kernels are made of the rounded weight anew; scripted, which can't do so, it is that convolution from then on.

    Args:
        weight: [O, I, 3, 3].
        dtype: Of what is computed; the weight's by default.
    """

    tiled: Tensor
    into: Tensor
    back: Tensor
    third: Tensor

    def __init__(self, weight: Tensor, *, dtype: torch.dtype | None = None) -> None:
        super().__init__(weight, dtype=dtype)
        self.at_once = TILES
        for name, value in self._derived().items():
            self.register_buffer(name, value, persistent=False)

    def _derived(self) -> dict[str, Tensor]:
        """What is made of the weight as it is now, in its dtype."""
        exact = self.weight.double()
        into, kernel, back = (exact.new_tensor(matrix) for matrix in (_INTO, _KERNEL, _BACK))
        tiled = torch.einsum("oiyx,ay,bx->abio", exact, kernel / 24, kernel / 24).flatten(0, 1)
        values = {"tiled": tiled, "into": torch.kron(into, into), "back": torch.kron(back, back)}
        values["third"] = exact.new_full([], 1 / 3)  # it shows whether a narrower type has rounded the others
        return {name: value.to(self.weight.dtype).contiguous() for name, value in values.items()}

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "TiledConv":
        super()._apply(fn, recurse)
        # Kernels that are rounded by themselves are not those of the rounded weight, and Winograd makes much of that.
        if self.weight.device.type == "cpu" and not self.unrounded():
            self._buffers.update(self._derived())
        return self

    def unrounded(self) -> bool:
        """Whether what is made of the weight is as exact as its dtype."""
        return torch.equal(self.third, torch.full_like(self.third, 1 / 3))

    def forward(self, features: Tensor) -> Tensor:
        """From [B, I, H, W] to [B, O, H, W], a tensor of its own."""
        wide = self.weight.dtype == torch.float32 or self.weight.dtype == torch.float64
        by_tiles = wide and features.device.type == "cpu"
        if not torch.jit.is_scripting():  # type: ignore[attr-defined]
            # The strips' number is one of sizes that a compiler leaves open.
            by_tiles = by_tiles and not torch.compiler.is_compiling()
        if by_tiles and features.numel() > 0 and self.unrounded():
            return self.by_tiles(features)
        return self.direct(features)

    def by_tiles(self, features: Tensor) -> Tensor:
        """From [B, I, H, W] to [B, O, H, W], on a CPU."""
        side = 4  # of what a tile makes; it sees 6x6
        batch, height, width = features.size(0), features.size(2), features.size(3)
        inputs, outputs = self.tiled.size(1), self.tiled.size(2)
        down, across = (height + side - 1) // side, (width + side - 1) // side
        ready = features.to(self.weight.dtype)
        padded = functional.pad(ready, [1, 1, 1, 1], mode="reflect")
        if down * side > height or across * side > width:
            padded = functional.pad(padded, [0, across * side - width, 0, down * side - height])
        seen = padded.permute(0, 2, 3, 1).unfold(1, 6, side).unfold(2, 6, side)
        seen = seen.permute(4, 5, 0, 1, 2, 3)  # [6, 6, B, H/4, W/4, I], a view in which tiles overlap
        made = blank(ready, [batch, outputs, down * side, across * side])
        places = made.permute(0, 2, 3, 1).view(batch, down, side, across, side, outputs)
        strips = (batch * down * across + self.at_once - 1) // self.at_once
        rows = (down + strips - 1) // strips
        for top in range(0, down, rows):
            stop = min(top + rows, down)
            tiles = batch * (stop - top) * across
            strip = seen[:, :, :, top:stop].reshape(36, -1)
            # With `out`, since autocast would round what is between the transforms, and the result is far off then.
            turned = torch.mm(self.into, strip, out=torch.empty_like(strip)).view(36, tiles, inputs)
            products = torch.bmm(turned, self.tiled, out=strip.new_empty([36, tiles, outputs]))
            found = torch.mm(self.back, products.flatten(1), out=strip.new_empty([16, tiles * outputs]))
            pixels = found.view(side, side, batch, stop - top, across, outputs)
            places[:, top:stop] = pixels.permute(2, 3, 0, 4, 1, 5)
        return laid_out(made[:, :, :height, :width])
