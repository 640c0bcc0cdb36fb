"""What packed shards hold, as a frozen value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from impasto.checks import choice, is_count, plain_name, require


@dataclass(frozen=True, kw_only=True)
class PackSettings:
    """What is written: everything that the shards' bytes depend on beside the data set.

    By default every image keeps its bytes. The three ways to change them go together, in this order; no image is ever
    enlarged.

    Args:
        short_side: Images whose shorter side is over this are scaled down to it, in pixels, and written as JPEG.
        quality: That JPEG's, from 1 to 100, 4:2:0.
        pixels_up_to: Images whose longer side is then at most this, in pixels, are written as they are, uncompressed
            (PNG); 0 writes none so.
        restart_rows: JPEGs get a restart marker after every so many rows of 16 pixels, without loss, by which crops
            skip what they don't need; 0 writes none.
        restart_mcus: Or after every so many blocks of 16x16 pixels.
        exif: What is done about the orientation that a camera wrote down: "ignore" leaves pixels as they are stored,
            and the tag with them; "apply" turns them upright, which writes each such image anew.
        shard_size: Samples in one shard, from 1 to 10,000,000.
        on_error: "raise", or "skip" samples that can't be used; they are written down.
        prefix: What the shards' names begin with.

    Raises:
        RecipeError: If a value makes no sense.
    """

    short_side: int | None = None
    quality: int = 95
    pixels_up_to: int = 0
    restart_rows: int = 0
    restart_mcus: int = 0
    exif: Literal["ignore", "apply"] = "ignore"
    shard_size: int = 1000
    on_error: Literal["raise", "skip"] = "raise"
    prefix: str = "packed"

    def __post_init__(self) -> None:
        choice("exif", self.exif, ("ignore", "apply"))
        choice("on_error", self.on_error, ("raise", "skip"))
        side = self.short_side
        require(side is None or (is_count(side) and side > 0), f"short_side={side!r} must be positive")
        for name, low, high in (
            ("quality", 1, 100),
            ("pixels_up_to", 0, 65_500),
            ("restart_rows", 0, 65_535),
            ("restart_mcus", 0, 65_535),
            ("shard_size", 1, 10_000_000),
        ):
            value: Any = getattr(self, name)
            require(is_count(value) and low <= value <= high, f"{name}={value!r} must be a whole number {low}..{high}")
        both = self.restart_rows and self.restart_mcus
        require(not both, "restart_rows and restart_mcus are two ways to say one thing; say one")
        plain_name("prefix", self.prefix)

    def shards(self, rows: int) -> int:
        """How many shards a data set of so many rows gives."""
        return -(-rows // self.shard_size)

    def rows_of(self, rows: int, number: int) -> range:
        """The rows of a shard, of a data set of so many."""
        return range(number * self.shard_size, min((number + 1) * self.shard_size, rows))

    def identity(self) -> dict[str, Any]:
        """What tells a job from another; a shard that was written under ``"raise"`` is the same under ``"skip"``."""
        return {name: value for name, value in asdict(self).items() if name != "on_error"}
