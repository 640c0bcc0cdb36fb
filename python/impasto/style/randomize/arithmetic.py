"""The arithmetic around the style networks: formats, strength and size. TorchScript reads these functions too."""

import torch
from torch import Tensor
from torch.nn import functional


def to_unit(images: Tensor, dtype: torch.dtype) -> Tensor:
    """To floating point in [0, 1], from [0, 1] or from uint8.

    Args:
        images: [B, 3, H, W].
        dtype: The result's, floating point.
    """
    if images.dtype == torch.uint8:
        return images.to(dtype) / 255.0
    return images.to(dtype)


def from_unit(images: Tensor, dtype: torch.dtype) -> Tensor:
    """From floating point in [0, 1] to a floating dtype, or to uint8, rounded.

    Args:
        images: [B, 3, H, W].
        dtype: The result's.
    """
    if dtype == torch.uint8:
        return (images.to(torch.float32) * 255.0).round().clamp(0.0, 255.0).to(torch.uint8)
    return images.to(dtype)


def mix_styles(embeddings: Tensor, base: Tensor, alphas: Tensor) -> Tensor:
    """Styles of a strength: ``alpha * embedding + (1 - alpha) * base`` (Jackson et al. 2019).

    Args:
        embeddings: [B, E] or [E].
        base: [B, E] or [E].
        alphas: [B], in [0, 1].

    Returns:
        [B, E] float32.
    """
    return torch.lerp(base.to(torch.float32), embeddings.to(torch.float32), alphas.to(torch.float32)[:, None])


def give_back(less: Tensor, images: Tensor, rest: Tensor) -> Tensor:
    """Gives images back what the network loses of them, in proportion: ``G(c, z) + rest * (c - G(c, own))``.

    A network keeps no image whole, even in the image's own style. What is lost there, edges and fine print, is added,
    in full at strength 0, which is exactly the image, and not at all at strength 1.

    Args:
        less: [B, 3, H, W] float, ``G(c, z) - rest * G(c, own)``, as `StyleTransformer.less_own` gives it.
        images: [B, 3, H, W] float in [0, 1], c.
        rest: [B], 1 less the strength.

    Returns:
        [B, 3, H, W] of the images' dtype, in [0, 1]: what is over is cut off.
    """
    share = rest.to(images.dtype)[:, None, None, None]
    given = torch.addcmul(less.to(images.dtype), share, images).clamp(0.0, 1.0)
    return torch.where(share == 1.0, images, given)


def shrink(images: Tensor, times: int) -> Tensor:
    """Halves height and width some times, by means of 2x2 pixels (at odd edges, of what there is).

    Args:
        images: [B, 3, H, W] float.
        times: How often.
    """
    for _ in range(times):
        images = functional.avg_pool2d(images, 2, ceil_mode=True)
    return images


def enlarge(images: Tensor, times: int, height: int, width: int) -> Tensor:
    """Undoes `shrink` bilinearly; what is over at odd edges is cut off.

    Args:
        images: [B, 3, h, w] float.
        times: How often it was halved.
        height: Of the result.
        width: Of the result.
    """
    if times > 0:
        images = functional.interpolate(images, scale_factor=2.0**times, mode="bilinear", align_corners=False)
    return images[:, :, :height, :width]
