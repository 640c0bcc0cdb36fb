"""Blocks that are compiled, each by itself: what surrounds them draws and gathers, which no graph holds."""

from __future__ import annotations

from torch import nn

from impasto_lab.models.blocks.recomputing import Recomputable


def compile_blocks(model: nn.Module, *, backend: str = "inductor") -> None:
    """Has torch compile all of a model's transformer blocks, one code for all that are alike, when they first run.

    Names of parameters stay what they are, and so do losses, to rounding. Call it after `recompute_blocks` and before
    weights are divided among processes.

    Args:
        model: Its blocks are compiled in place.
        backend: What compiles; see `torch.compile`.
    """
    for part in model.modules():
        if isinstance(part, Recomputable):
            part.compile(backend=backend)
