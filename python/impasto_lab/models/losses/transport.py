"""Word-patch alignment: what it costs to carry a caption's words onto an image's patches, by IPOT."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from impasto.checks import require


@torch.no_grad()
def transport_plan(
    costs: Tensor, sources: Tensor, targets: Tensor, *, beta: float = 0.5, steps: int = 50, inner: int = 1
) -> Tensor:
    """The inexact proximal point method for optimal transport (Xie et al. 2018, algorithm 1), both sides uniform.

    Args:
        costs: [B, M, N] float32, 0 at padding.
        sources: [B, M] bool, what is real; at least one a row.
        targets: [B, N] bool, likewise.
        beta: The weight of the proximal term; smaller comes nearer to the exact plan in a step.
        steps: Proximal steps.
        inner: Sinkhorn iterations in each.

    Returns:
        [B, M, N]: rows of real sources sum to 1 / their number nearly, those of targets likewise; 0 at padding.

    Raises:
        RecipeError: If a sample has no real source, or no real target.
    """
    require(bool(sources.any(1).all() and targets.any(1).all()), "a caption without words can't be carried anywhere")
    real_sources, real_targets = sources.to(costs.dtype), targets.to(costs.dtype)
    source_mass = real_sources / real_sources.sum(dim=1, keepdim=True)  # [B, M], uniform over what is real
    target_mass = real_targets / real_targets.sum(dim=1, keepdim=True)  # [B, N]
    pairs = sources[:, :, None] & targets[:, None, :]  # [B, M, N]
    kernel = torch.exp(-costs / beta) * pairs
    plan = pairs.to(costs.dtype)
    # What scales a side at padding is 0, and so is what it divides by.
    scale = source_mass  # [B, M]
    for _ in range(steps):
        proximal = kernel * plan  # [B, M, N]
        for _ in range(inner):
            columns = torch.einsum("bmn,bm->bn", proximal, scale)
            target_scale = target_mass / columns.masked_fill(~targets, 1)  # [B, N]
            rows = torch.einsum("bmn,bn->bm", proximal, target_scale)
            scale = source_mass / rows.masked_fill(~sources, 1)
        plan = scale[:, :, None] * proximal * target_scale[:, None, :]
    return plan


def word_patch_alignment(
    words: Tensor, patches: Tensor, real_words: Tensor, real_patches: Tensor, matched: Tensor
) -> Tensor:
    """ViLT's word-patch alignment (Kim et al. 2021, section 3.3; Chen et al. 2020): near for pairs, far for others.

    Args:
        words: [B, M, D] hidden vectors.
        patches: [B, N, D] hidden vectors.
        real_words: [B, M] bool: words, without special tokens and padding.
        real_patches: [B, N] bool: patches, without the image's own token and padding.
        matched: [B] bool, whether words and patches belong together.

    Returns:
        What carrying costs, in cosine distances, summed over pairs minus that over the others, divided by B; a scalar.
    """
    words, patches = words.float(), patches.float()  # fifty products in a row need float32
    near = functional.normalize(words, dim=-1, eps=1e-5) @ functional.normalize(patches, dim=-1, eps=1e-5).mT
    costs = (1 - near) * (real_words[:, :, None] & real_patches[:, None, :])  # [B, M, N]
    # A caption of which the tokenizer left no word (invisible signs alone) has nothing to carry, and costs nothing.
    silent = ~real_words.any(dim=1, keepdim=True)  # [B, 1]
    plan = transport_plan(costs.detach(), real_words | silent, real_patches)
    spent = (costs * plan).sum(dim=(1, 2))  # [B]
    signs = matched.to(spent) * 2 - 1
    return (signs * spent).mean()
