"""What all heads have in common."""

from __future__ import annotations

from typing import Any

from torch import nn

from impasto_lab.models.albef import Albef
from impasto_lab.models.vilt import Vilt


class Head(nn.Module):
    """A pretrained model with what a task puts on top of it.

    Args:
        base: The model, which is trained too.
        sizes: What the head is made of besides, as JSON has it; ``kind(base, **sizes)`` makes another.
    """

    base: Albef | Vilt

    def __init__(self, base: Albef | Vilt, **sizes: Any) -> None:
        super().__init__()
        self.base = base
        self.sizes = sizes
