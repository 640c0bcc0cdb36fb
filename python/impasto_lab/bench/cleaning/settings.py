"""How much cleaning is asked to find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from impasto.checks import at_least, probability, require


@dataclass(frozen=True, kw_only=True)
class CleanTiming:
    """What is cleaned and timed.

    Args:
        images: Pictures of a world like STL-10, of which some are noise.
        noise: The share of noise.
        copies: Of each kind, copies that are put among them; each is another picture's.
        distances: Limits of bits that are tried.
        photographs: JPEG files of 640 x 480 pixels that are timed.
        hashes: Of 64 random bits, among which near ones are looked for.
        seed: Of all.

    Raises:
        RecipeError: If a value makes no sense.
    """

    images: int = 2000
    noise: float = 0.1
    copies: int = 100
    distances: tuple[int, ...] = (3, 7, 11)
    photographs: int = 200
    hashes: int = 1_000_000
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(10, images=self.images)
        at_least(1, copies=self.copies, photographs=self.photographs, hashes=self.hashes)
        probability("noise", self.noise)
        good = round((1 - self.noise) * self.images)
        require(self.copies <= good, f"copies={self.copies} of {good} pictures that are no noise; make fewer")

    @classmethod
    def quick(cls, **changes: Any) -> CleanTiming:
        """Half a minute."""
        few: dict[str, Any] = {"images": 100, "copies": 8, "photographs": 10, "hashes": 20_000}
        return cls(**{**few, **changes})
