"""What evaluations of tasks may be told, besides checkpoint and data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from impasto.checks import at_least


@dataclass(frozen=True, kw_only=True)
class RetrievalOptions:
    """How images and captions are searched.

    Args:
        k: Candidates that are asked about closely, each way, the first by the towers; by default 128, or all where
            there are fewer. A ViLT asks about every pair, unless there is a prefilter.
        prefilter: A checkpoint with towers (CLIP, ALBEF, TCL) that chooses candidates for a ViLT.

    Raises:
        RecipeError: If a value makes no sense.
    """

    k: int | None = None
    prefilter: Annotated[str, "CKPT"] | None = None

    def __post_init__(self) -> None:
        if self.k is not None:
            at_least(1, k=self.k)
