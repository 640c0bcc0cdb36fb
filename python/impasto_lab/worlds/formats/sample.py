"""What a world yields and its writer takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One image with its captions.

    Attributes:
        image: The encoded JPEG.
        width: In pixels.
        height: In pixels.
        captions: At least one; the first goes into a shard's ``.txt``.
        split: ``"train"``, ``"val"`` or ``"test"``.
        facts: What else the world knows of the image (JSON values), such as its objects.
    """

    image: bytes
    width: int
    height: int
    captions: tuple[str, ...]
    split: Split
    facts: Mapping[str, Any] = field(default_factory=dict)
