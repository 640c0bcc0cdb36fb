"""Convolutions of bytes, for a CPU that multiplies them: a style network in less time, a little off."""

import functools
from typing import Any

import torch
from torch import Tensor, nn

from impasto.checks import require
from impasto.style.run.layers import LaidOut, interleaved, laid_out, outspread
from impasto.style.run.transformer import FastTransformer

#: The largest byte, the largest one of either sign, and what stands for 0 among bytes with a sign.
_LARGEST, _SIGNED, _ZERO = 255.0, 127.0, 128


def eight_bit(form: FastTransformer) -> FastTransformer:
    """Puts convolutions of bytes in the place of a fast transformer's own.

    Weights are rounded by output channel, features by image, as far as the largest of them; products are summed
    exactly. What follows each convolution normalises it, so an image's scale matters to nothing else.

    Args:
        form: In float32.

    Returns:
        The same module.

    Raises:
        RecipeError: If this CPU or this torch has no such convolutions, or the network is not on a CPU.
    """
    require(
        available(), f"dtype=torch.int8 needs a CPU with VNNI and torch's oneDNN; leave it out ({torch.__version__})"
    )
    on_cpu = form.style_weight.device.type == "cpu"
    require(on_cpu, "dtype=torch.int8 is for a CPU; use torch.float16 on a GPU")
    lists: Any = (form.contract, form.residual, form.expand)
    contract, residual, expand = lists
    for number, conv in enumerate(contract):
        # Images are whole levels of 255, mostly; what comes after is not negative.
        contract[number] = EightBitConv(conv, unit=number == 0)
    for number, conv in enumerate(residual):
        residual[number] = EightBitConv(conv, signed=number % 2 == 0)
    for number, conv in enumerate(expand):
        expand[number] = EightBitDoublingConv(conv, signed=number == 0 or form.grained)
    form.paint = EightBitConv(form.paint)  # type: ignore[assignment]
    return form


@functools.cache
def available() -> bool:
    """Whether this CPU and this torch convolve bytes without overflow."""
    known = hasattr(torch.ops.onednn, "qconv_pointwise") and hasattr(torch.ops.onednn, "qconv_prepack")
    able = torch.cpu._is_vnni_supported() if known else False
    return bool(able)


class _Bytes(LaidOut):
    """A convolution of bytes by bytes.

    Args:
        weight: [O, I, k, k] float32.
        stride: Of the convolution.
        border: Rows and columns that are reflected, or repeated, on each side.
        reflect: Whether they are reflected.
        signed: Whether features may be negative.
        unit: Whether features are in [0, 1], and that is the scale.
    """

    weight: Tensor
    scale: Tensor
    zero: Tensor

    def __init__(
        self,
        weight: Tensor,
        *,
        stride: int = 1,
        border: int = 1,
        reflect: bool = True,
        signed: bool = False,
        unit: bool = False,
    ) -> None:
        super().__init__()
        scale = weight.detach().abs().amax(dim=[1, 2, 3]).clamp(min=1e-12).float() / _SIGNED
        rounded = (weight.detach() / scale[:, None, None, None]).round().to(torch.int8)
        self.register_buffer("weight", rounded, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("zero", torch.zeros(len(scale), dtype=torch.int64), persistent=False)
        self.stride, self.border, self.reflect = stride, border, reflect
        self.signed, self.unit = signed, unit
        self._packed: Tensor | None = None

    def __getstate__(self) -> dict[str, Any]:
        # oneDNN's own layout is neither copied nor written.
        return {**self.__dict__, "_packed": None}

    def forward(self, features: Tensor) -> Tensor:
        """From [B, I, H, W] float32 to [B, O, H', W'] float32, a tensor of its own."""
        zero = _ZERO if self.signed else 0
        factor = (_SIGNED if self.signed else _LARGEST) / self._largest(features)
        # Halves are rounded up: the conversion cuts off.
        half = torch.full((), zero + 0.5, dtype=features.dtype)
        raised = torch.addcmul(half, features, factor[:, None, None, None])
        whole = laid_out((raised.clamp_(0, _LARGEST) if self.unit else raised).to(torch.uint8))
        padded = outspread(whole, self.border, reflect=self.reflect)
        summed = self._convolve(padded, zero)
        return summed.div_(factor[:, None, None, None])

    def _largest(self, features: Tensor) -> Tensor:
        """The largest of each image's features, by size, [B]."""
        if self.unit:
            return features.new_ones(len(features))
        flat = features.flatten(1)
        top = torch.maximum(flat.amax(dim=1), -flat.amin(dim=1)) if self.signed else flat.amax(dim=1)
        return top.clamp(min=1e-12)

    def _convolve(self, features: Tensor, zero: int) -> Tensor:
        stride, one = [self.stride, self.stride], [1, 1]
        ops: Any = torch.ops.onednn
        if self._packed is None:
            self._packed = ops.qconv_prepack(self.weight, self.scale, 1.0, zero, stride, [0, 0], one, 1, None)
        how: tuple[Any, ...] = (None, stride, [0, 0], one, 1, 1.0, 0, torch.float32, "none", [], "")
        made: Tensor = ops.qconv_pointwise(features, 1.0, zero, self._packed, self.scale, self.zero, *how)
        return made


class EightBitConv(_Bytes):
    """What a `FastReflectConv` computes, by bytes."""

    def __init__(self, conv: nn.Module, *, signed: bool = False, unit: bool = False) -> None:
        own: Any = conv
        super().__init__(own.weight, stride=own.stride, border=own.border, signed=signed, unit=unit)


class EightBitDoublingConv(nn.Module):
    """What a `DoublingConv` computes, by bytes."""

    def __init__(self, conv: nn.Module, *, signed: bool) -> None:
        super().__init__()
        own: Any = conv
        self.width, self.further = own.width, own.further
        self.bytes = _Bytes(own.weight, reflect=False, signed=signed)

    def forward(self, features: Tensor) -> Tensor:
        """From [B, I, H, W] to [B, O, 2H, 2W], a tensor of its own."""
        return interleaved(self.bytes(features), self.width, self.further, features.size(2), features.size(3))
