"""How much retrieval is timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from impasto.checks import at_least, require

#: Whole numbers that may be anything.
_ANY = ("image_size", "seed")


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
        rounds: Times that each is run, after one that doesn't count.
        seed: Of weights, images, captions and embeddings.
        vilt: A trained ViLT, to see what prefilters cost it in recall; with ``prefilter`` and ``data``.
        prefilter: Checkpoints with towers (CLIP, ALBEF, TCL), each of which chooses candidates for it.
        data: Held-out images with captions.
        compared: Images of the data that are searched, from the first on.
        candidates: How many each prefilter chooses, each way, one after another.

    Raises:
        RecipeError: If a number is too small, k larger than the candidates, or a checkpoint or the data are missing.
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
    rounds: int = 5
    seed: int = 0
    vilt: Annotated[str, "CKPT"] | None = None
    prefilter: Annotated[tuple[str, ...], "CKPT"] = ()
    data: Annotated[str, "DATA"] | None = None
    compared: int = 100
    candidates: tuple[int, ...] = (8, 16, 32)

    def __post_init__(self) -> None:
        numbers = {name: value for name, value in vars(self).items() if isinstance(value, int) and name not in _ANY}
        at_least(1, **numbers, **{f"candidates[{at}]": k for at, k in enumerate(self.candidates)})
        given = (self.vilt is not None, bool(self.prefilter), self.data is not None)
        require(len(set(given)) == 1, "a prefilter is judged by vilt=, prefilter= and data= together; give all three")
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
