"""Weights rewritten for inference: what a network computes stays the same, but for rounding."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


def batch_norm(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """A convolution and the batch normalisation after it, with running statistics, as one convolution.

    Returns:
        Weight [O, I, h, w] and bias [O].
    """
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )


def batch_norms(network: nn.Module) -> nn.Module:
    """A network's copy for inference, with every `BasicConv2d` of torchvision's folded: faster, and without modes."""
    own = copy.deepcopy(network).eval()
    for block in own.modules():
        conv, norm = getattr(block, "conv", None), getattr(block, "bn", None)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            dtype = conv.weight.dtype
            wide = torch.promote_types(dtype, torch.float32)
            weight, bias = batch_norm(conv.to(wide), norm.to(wide))
            conv.weight, conv.bias = nn.Parameter(weight.to(dtype)), nn.Parameter(bias.to(dtype))
            block.bn = nn.Identity()
    return own


def input_affine(weight: Tensor, bias: Tensor, scale: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """A convolution that does ``scale * x + shift`` to its input's channels itself; it must not pad with zeros.

    Args:
        weight: [O, I, h, w].
        bias: [O].
        scale: [I].
        shift: [I].

    Returns:
        Weight [O, I, h, w] and bias [O].
    """
    return weight * scale[None, :, None, None], bias + (weight * shift[None, :, None, None]).sum(dim=[1, 2, 3])


def subpixel(weight: Tensor) -> Tensor:
    """A 3x3 convolution of an image doubled by repeating pixels, as a 2x2 convolution of the image itself.

    Row ``2i`` of the doubled image sees rows ``i - 1, i, i`` of the image, row ``2i + 1`` sees ``i, i, i + 1``: two
    rows each, so that weights that meet the same row are summed. Four ninths of the multiplications are left. A border
    that the doubled image reflects is a border that the image repeats.

    Args:
        weight: [O, I, 3, 3].

    Returns:
        [4 O, I, 2, 2]: outputs of even rows and even columns, even and odd, odd and even, odd and odd.
    """
    even = torch.tensor([[1, 0, 0], [0, 1, 1]], dtype=weight.dtype, device=weight.device)
    odd = torch.tensor([[1, 1, 0], [0, 0, 1]], dtype=weight.dtype, device=weight.device)
    return torch.cat(
        [torch.einsum("oiyx,ay,bx->oiab", weight, rows, columns) for rows in (even, odd) for columns in (even, odd)]
    )


def bilinear(weight: Tensor) -> Tensor:
    """A 3x3 convolution of an image doubled bilinearly, as a 3x3 convolution of the image itself.

    Row ``2i`` of the doubled image is a quarter of row ``i - 1`` and three quarters of ``i``, row ``2i + 1`` three
    quarters of ``i`` and a quarter of ``i + 1``. A border that the doubled image repeats is one that the image repeats.

    Args:
        weight: [O, I, 3, 3].

    Returns:
        [4 O, I, 3, 3], in the order of `subpixel`.
    """
    even = [[0.75, 0.25, 0], [0.25, 0.75, 0.75], [0, 0, 0.25]]
    odd = [row[::-1] for row in even[::-1]]
    ways = [torch.tensor(way, dtype=weight.dtype, device=weight.device) for way in (even, odd)]
    return torch.cat([torch.einsum("oiyx,ay,bx->oiab", weight, rows, columns) for rows in ways for columns in ways])


def blocks(weight: Tensor, *, multiple: int = 16) -> Tensor:
    """A convolution with few outputs, as one that makes 2x2 of its pixels at once, with a stride of 2.

    A CPU computes 8 output channels in the time of 3; here it gets 12 to compute.

    Args:
        weight: [O, I, k, k].
        multiple: What the number of outputs is rounded up to, with zeros.

    Returns:
        [P, I, k + 1, k + 1] with P >= 4 O: in the order of `torch.nn.functional.pixel_shuffle`, then zeros.
    """
    outputs, inputs, side, _ = weight.shape
    wide = weight.new_zeros(outputs, 2, 2, inputs, side + 1, side + 1)
    for row in range(2):
        for column in range(2):
            wide[:, row, column, :, row : row + side, column : column + side] = weight
    wide = wide.flatten(0, 2)
    return torch.cat([wide, wide.new_zeros(-len(wide) % multiple, *wide.shape[1:])])


def gathered(weight: Tensor, side: int) -> Tensor:
    """A convolution as one of blocks of pixels: it takes and makes ``side`` x ``side`` of them in a place.

    Its input is the padded plane, cut into blocks from its upper left corner on. Products with zeros are the price:
    for a 9x9 kernel and blocks of 4x4 there are 144 products for 81.

    Args:
        weight: [O, I, k, k].
        side: Of the blocks, R.

    Returns:
        [R R O, R R I, K, K], with K = (k + R - 2) // R + 1; the channels of a block's first pixel come first.
    """
    outputs, inputs, kernel, _ = weight.shape
    blocks = (kernel + side - 2) // side + 1
    wide = weight.new_zeros(side, side, outputs, inputs, blocks * side, blocks * side)
    for row in range(side):
        for column in range(side):
            wide[row, column, :, :, row : row + kernel, column : column + kernel] = weight
    split = wide.view(side * side * outputs, inputs, blocks, side, blocks, side)
    return split.permute(0, 3, 5, 1, 2, 4).reshape(len(split), side * side * inputs, blocks, blocks)
