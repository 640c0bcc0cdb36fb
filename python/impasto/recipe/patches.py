"""Which patches of an image a vision transformer looks at: a frozen value."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.checks import is_count, is_number, require
from impasto.recipe.value import Value


@dataclass(frozen=True, kw_only=True)
class PatchDrop(Value):
    """FLIP's masking (Li et al. 2023): a share of an image's patches, drawn anew each time, for a model to look at.

    Nothing is done to pixels: the numbers of the patches that are kept come in ``Batch.plan.patches``, for a model to
    gather after its patch embedding; see ``docs/views.md``.

    Args:
        patch: Side of the square patches, in pixels; it divides the image's sides.
        keep: The share that is kept, in (0, 1]; of N patches the whole part of ``keep * N``, and at least one.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> PatchDrop(patch=16, keep=0.5).counts((224, 224))
        (196, 98)
    """

    patch: int = 16
    keep: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        require(is_count(self.patch) and self.patch >= 1, f"patch={self.patch!r} must be a whole number of pixels")
        require(is_number(self.keep) and 0 < self.keep <= 1, f"keep={self.keep!r} must lie in (0, 1]")

    def counts(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Patches of an image, and how many of them are kept.

        Args:
            shape: The image's height and width, in pixels.

        Raises:
            RecipeError: If the patches don't divide it.
        """
        height, width = shape
        divides = height % self.patch == 0 and width % self.patch == 0
        require(
            divides, f"patches of {self.patch} pixels don't divide images of {height}x{width}; change size or patch"
        )
        count = (height // self.patch) * (width // self.patch)
        return count, max(1, int(count * self.keep))
