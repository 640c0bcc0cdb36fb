"""What a style is: a family, a palette and a few numbers, drawn from the seed and the style's number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from impasto_lab.worlds.styles.canvas.fields import Values
from impasto_lab.worlds.styles.canvas.palette import Palette, colors, ramp


@dataclass(frozen=True, kw_only=True)
class Style:
    """One style; what is painted in it varies, its look does not.

    Attributes:
        number: Its number.
        seed: The seed that it was drawn from.
        family: Of `impasto_lab.worlds.styles.FAMILIES`.
        mood: Of `impasto_lab.worlds.styles.canvas.palette.MOODS`.
        palette: Its colours, from dark to light.
        scale: The size of a typical stroke, dot or cell in a picture of 256 pixels, in pixels.
        fidelity: How much of a repainted picture's own hues is kept, from 0 to 1.
        traits: What else its family varies.
    """

    number: int
    seed: int
    family: str
    mood: str
    palette: Palette
    scale: float
    fidelity: float
    traits: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, trait: str) -> float:
        """A trait."""
        return self.traits[trait]

    def on(self, extent: int) -> float:
        """The scale in a picture whose shorter side is so many pixels."""
        return max(self.scale * extent / 256, 1.2)

    @property
    def inks(self) -> Palette:
        """The colours from ground to figure: dark on light, or light on dark."""
        return self.palette if self.traits.get("dark", 0) > 0.5 else self.palette[::-1]

    def ink(self, place: int) -> Values:
        """One of the inks, [3] float32 from 0 to 1; 0 is the ground."""
        chosen: Values = colors(self.inks)[place]
        return chosen

    def ramp(self, levels: Values) -> Values:
        """See `impasto_lab.worlds.styles.canvas.palette.ramp`."""
        return ramp(self.palette, levels)
