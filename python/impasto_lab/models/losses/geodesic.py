"""Mixing on the sphere where images and captions meet, as negatives of a contrastive loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

#: Angles below which a geodesic can't be told from a line.
_NARROW = 1e-4


def geodesic_mix(images: Tensor, texts: Tensor, lam: float) -> Tensor:
    """Points on the shortest ways from texts to images on the unit sphere.

    Oh et al. 2023 (arXiv 2203.03897, equation 4).

    Args:
        images: [B, D] of length 1.
        texts: [B, D] of length 1.
        lam: The images' weight, in [0, 1].

    Returns:
        [B, D] of length 1.
    """
    cosines = (images * texts).sum(dim=1, keepdim=True).clamp(-1 + 1e-6, 1 - 1e-6)  # [B, 1]
    angles = cosines.acos()
    near = angles < _NARROW
    sines = torch.where(near, torch.ones_like(angles), angles.sin())
    own = torch.where(near, torch.full_like(angles, lam), (lam * angles).sin() / sines)
    other = torch.where(near, torch.full_like(angles, 1 - lam), ((1 - lam) * angles).sin() / sines)
    return functional.normalize(own * images + other * texts, dim=1)


def m2_mix_loss(images: Tensor, texts: Tensor, scale: Tensor, lam: float) -> Tensor:
    """A contrastive loss whose negatives are mixtures of the other pairs' images and texts.

    Oh et al. 2023 (arXiv 2203.03897, equation 5): they lie between the modalities, where nothing else is, and are hard.

    Args:
        images: [B, D] of length 1.
        texts: [B, D] of length 1; row i belongs to image i.
        scale: What similarities are multiplied with, a scalar.
        lam: Of `geodesic_mix`.

    Returns:
        The mean of both directions' losses, a scalar.
    """
    mixed = geodesic_mix(images, texts, lam)  # [B, D]
    pairs = (images * texts).sum(dim=1)  # [B]
    own = torch.eye(len(images), dtype=torch.bool, device=images.device)
    targets = torch.arange(len(images), device=images.device)
    losses = []
    for one in (images, texts):
        logits = scale * torch.where(own, pairs[:, None], one @ mixed.T)  # [B, B], pairs on the diagonal
        losses.append(functional.cross_entropy(logits, targets))
    return (losses[0] + losses[1]) / 2
