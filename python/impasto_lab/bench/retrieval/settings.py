"""How much retrieval is timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from impasto.checks import at_least, require


@dataclass(frozen=True, kw_only=True)
class RetrievalTiming:
    """How retrieval is timed.

    Args:
        preset: The models' size.
        image_size: Side of the images, in pixels; by default the preset's.
        images: Images of the whole search; COCO's test has 5,000.
        captions: Captions of each image.
        dim: Dimensions that towers meet in.
        encoded: Images, each with its captions, that are encoded.
        searched: Images of the search by pairs, each with its captions.
        k: Candidates each way.
        asked: Images of which a ViLT is asked about every caption of as many.
        batch_size: Images or pairs at a time.
        rounds: Times that each is run.
        seed: Of weights, images, captions and embeddings.

    Raises:
        RecipeError: If a number is too small, or k larger than the candidates.
    """

    preset: Literal["tiny", "small"] = "small"
    image_size: int | None = None
    images: int = 5000
    captions: int = 5
    dim: int = 256
    encoded: int = 128
    searched: int = 48
    k: int = 16
    asked: int = 8
    batch_size: int = 64
    rounds: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        numbers = {name: value for name, value in vars(self).items() if name not in ("preset", "image_size", "seed")}
        at_least(1, **numbers)
        require(self.k <= self.searched, f"k={self.k} of {self.searched} images; use k={self.searched} or fewer")

    @classmethod
    def quick(cls, **changes: Any) -> RetrievalTiming:
        """Seconds."""
        few: dict[str, Any] = {
            "preset": "tiny",
            "images": 1000,
            "encoded": 32,
            "searched": 24,
            "k": 8,
            "asked": 4,
            "rounds": 2,
        }
        return cls(**(few | changes))
