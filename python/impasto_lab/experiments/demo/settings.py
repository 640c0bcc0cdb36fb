"""How much the demonstration does, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Demo:
    """How much the demonstration does.

    Attributes:
        scenes: Rendered scenes, of all splits.
        compared: Batches compared between the formats, at most.
        side: Of the images trained on, in pixels.
        image_width: Channels of the image tower's first stage.
        batch_size: Pairs in a training batch.
        steps: Training steps.
        lr: The highest learning rate.
        length: Token ids of a caption in training.
        grow: Do more of it on a GPU, so that training takes about a minute there too.
        seed: Of everything.
    """

    scenes: int = 1000
    compared: int = 8
    side: int = 64
    image_width: int = 32
    batch_size: int = 64
    steps: int = 540
    lr: float = 7e-4
    length: int = 48
    grow: bool = True
    seed: int = 0

    @classmethod
    def quick(cls, *, seed: int = 0) -> Demo:
        """Seconds instead of minutes; the model hardly learns."""
        return cls(scenes=100, compared=2, side=48, image_width=16, steps=30, grow=False, seed=seed)

    @classmethod
    def full(cls, *, seed: int = 0) -> Demo:
        """An hour or so on a GPU, with larger images, batches and a wider image tower."""
        return cls(
            scenes=20_000, side=112, image_width=64, batch_size=256, steps=12_000, lr=5e-4, grow=False, seed=seed
        )

    def on(self, device: torch.device) -> Demo:
        """What is done on a device."""
        if device.type != "cuda" or not self.grow:
            return self
        return replace(self, steps=3 * self.steps, side=112, image_width=48, grow=False)


@dataclass(frozen=True)
class Scores:
    """Retrieval on one part of the test split.

    Attributes:
        name: Of the part.
        images: How many.
        ours: `Retrieval.as_dict` of the trained model.
        chance: The same, to expect of a random order.
    """

    name: str
    images: int
    ours: dict[str, float]
    chance: dict[str, float]


@dataclass(frozen=True)
class DemoResult:
    """What came of the demonstration.

    Attributes:
        report: The HTML page.
        images: Images written, of all splits.
        compared: Batches found the same from both formats.
        timing: What the loaders' timing returned, or None.
        training: Steps, seconds, first and last loss, device.
        scores: By part of the test split.
    """

    report: Path
    images: int
    compared: int
    timing: Mapping[str, Any] | None
    training: dict[str, Any]
    scores: tuple[Scores, ...]

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return asdict(replace(self, timing=None)) | {"report": str(self.report), "timing": self.timing}
