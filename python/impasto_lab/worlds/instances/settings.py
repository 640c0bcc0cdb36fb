"""How images of several things are drawn: values alone, for those who need no picture yet."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.checks import interval, probability, require


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """How images of several things are drawn.

    Attributes:
        side: Height and width, in pixels.
        things: Fewest and most in an image.
        radius: Smallest and largest, as shares of the side.
        rho: How often a thing has its class's own color, how often its own texture, and how often the ground is that of
            the first thing's class; each is drawn by itself.
        shift: How far a picture is from the source's, from 0 to 1: a cast of color, contrast, noise.

    Raises:
        RecipeError: If a value makes no sense.
    """

    side: int = 96
    things: tuple[int, int] = (2, 5)
    radius: tuple[float, float] = (0.1, 0.2)
    rho: float = 0.7
    shift: float = 0.0

    def __post_init__(self) -> None:
        require(self.side >= 32, f"side={self.side} must be at least 32 pixels")
        interval("things", self.things, 0, 50)
        interval("radius", self.radius, 0.0, 0.5)
        probability("rho", self.rho)
        probability("shift", self.shift)


#: Many small things, for boxes; few large ones, for masks.
DETECT = Crowd()
SEGMENT = Crowd(things=(1, 3), radius=(0.16, 0.3))
