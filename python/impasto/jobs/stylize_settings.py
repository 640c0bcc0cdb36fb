"""What stylized copies of a data set are, as a frozen value; without torch, as the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from impasto.checks import choice, is_count, plain_name, require
from impasto.recipe import Beta

#: So many images are held at a time; those of one size among them can run through the networks together.
WINDOW = 64


@dataclass(frozen=True, kw_only=True)
class StylizeSettings:
    """What is written: everything that the bytes of the shards depend on beside data set and model.

    Args:
        copies: Stylized copies of every image, from 1 to 10,000.
        alpha: Strength of the style, in [0, 1]: a number, a range (low, high) or a `Beta`; as in `StyleRandomizer`.
        ratio: Unaugmented to augmented copies, such as "2:1", or the augmented share in [0, 1]; the unaugmented are
            the images as they are.
        seed: Key of all draws, 0 or more. A copy's style depends on the seed, the sample's key and the copy's number
            alone.
        keep_original: Whether the images themselves come along, as copy 0.
        size: Images whose longer side is over this are scaled down to it first, in pixels; None leaves all as they
            are.
        format: Of the stylized images, "jpg" or "png".
        quality: JPEG's, from 1 to 100.
        shard_size: Images in one shard, from 1 to 10,000,000.
        batch_size: Images of one size that run through the networks together, from 1 to 64. Floating point adds up
            differently in other batches, which the last bit of a pixel may show: so it is a setting.
        on_error: "raise", or "skip" images that can't be used; they are written down.
        prefix: What the shards' names begin with.

    Raises:
        RecipeError: If a value makes no sense.
    """

    copies: int = 1
    alpha: float | tuple[float, float] | Beta = 0.5
    ratio: str | float | tuple[float, float] = "0:1"
    seed: int = 0
    keep_original: bool = False
    size: int | None = None
    format: Literal["jpg", "png"] = "jpg"
    quality: int = 95
    shard_size: int = 1000
    batch_size: int = 1
    on_error: Literal["raise", "skip"] = "raise"
    prefix: str = "stylized"

    def __post_init__(self) -> None:
        from impasto.style import check_alpha, share  # they bring torch, which the fields alone don't need

        check_alpha(self.alpha)
        share(self.ratio)
        choice("format", self.format, ("jpg", "png"))
        choice("on_error", self.on_error, ("raise", "skip"))
        for name, low, high in (
            ("copies", 1, 10_000),
            ("seed", 0, 2**63 - 1),
            ("quality", 1, 100),
            ("shard_size", 1, 10_000_000),
            ("batch_size", 1, WINDOW),
        ):
            value: Any = getattr(self, name)
            require(is_count(value) and low <= value <= high, f"{name}={value!r} must be a whole number {low}..{high}")
        require(self.size is None or (is_count(self.size) and self.size > 0), f"size={self.size!r} must be positive")
        plain_name("prefix", self.prefix)

    def shards(self, rows: int) -> int:
        """How many shards a data set of so many rows gives."""
        return -(-rows * (self.copies + self.keep_original) // self.shard_size)

    def items(self, rows: int, number: int) -> list[tuple[int, int]]:
        """Row and copy of each image of a shard: all rows' first copies, then all rows' second, and on."""
        first = 0 if self.keep_original else 1
        return [(place % rows, place // rows + first) for place in self._places(rows, number)]

    def size_of(self, rows: int, number: int) -> int:
        """How many images a shard has, if all can be used."""
        return len(self._places(rows, number))

    def _places(self, rows: int, number: int) -> range:
        last = rows * (self.copies + self.keep_original)
        return range(number * self.shard_size, min((number + 1) * self.shard_size, last))
