"""What competes with MixGen on captions: augmentations of words, drawn per sample, before captions are mixed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from impasto.checks import is_count, probability, require


class WordAugmentation(ABC):
    """Something done to a caption's words; ``TextRecipe(augment=(...))`` takes a tuple of them."""

    @property
    @abstractmethod
    def native(self) -> tuple[str, float]:
        """Its name and number in Rust."""


@dataclass(frozen=True, kw_only=True)
class RandomDeletion(WordAugmentation):
    """Deletes words at random (EDA, Wei and Zou 2019); one always stays.

    Args:
        p: Probability that a word goes.

    Raises:
        RecipeError: If it makes no sense.
    """

    p: float = 0.1

    def __post_init__(self) -> None:
        probability("p", self.p)

    @property
    def native(self) -> tuple[str, float]:
        """Its name and number in Rust."""
        return "delete", float(self.p)


@dataclass(frozen=True, kw_only=True)
class RandomSwap(WordAugmentation):
    """Has two random words change places, n times (EDA, Wei and Zou 2019).

    Args:
        n: Swaps.

    Raises:
        RecipeError: If it makes no sense.
    """

    n: int = 1

    def __post_init__(self) -> None:
        require(is_count(self.n) and 0 <= self.n <= 1000, f"n={self.n!r} must be a whole number in 0..1000")

    @property
    def native(self) -> tuple[str, float]:
        """Its name and number in Rust."""
        return "swap", float(self.n)
