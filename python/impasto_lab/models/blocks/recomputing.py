"""Blocks that are computed again on the way back instead of being remembered (Chen et al. 2016)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Recomputable(nn.Module):
    """A block that may forget what it computed inside: less memory for a third more time; see `recompute_blocks`."""

    #: Whether it forgets.
    recomputed = False

    def __call__(self, *inputs: Any) -> Any:
        """The block's forward pass."""
        if self.recomputed and torch.is_grad_enabled():
            return checkpoint(super().__call__, *inputs, use_reentrant=False)
        return super().__call__(*inputs)


def recompute_blocks(model: nn.Module) -> None:
    """Has all of a model's transformer blocks remember their inputs alone; losses and gradients stay what they are."""
    for part in model.modules():
        if isinstance(part, Recomputable):
            part.recomputed = True
