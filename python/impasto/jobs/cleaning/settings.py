"""What is too bad to keep, as a frozen value; light, as the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.checks import at_least, flag, is_number, probability, require
from impasto.errors import RecipeError
from impasto.jobs.cleaning.flags import known_flags


@dataclass(frozen=True, kw_only=True)
class CleanSettings:
    """Limits of what is kept. None of them changes what is measured: another run in the same folder only judges anew.

    Args:
        min_side: A picture whose shorter side is under this is tiny, in pixels; 0 takes any.
        max_aspect: A picture whose longer side is over so many times the shorter is extreme; ALIGN's limit is 3.
        min_contrast: A picture is near-blank if its luma deviates by less than this from its mean (standard deviation),
            in levels of 0 to 255; 0 takes any.
        max_noise: A picture is noisy if its noise score at up to 256 pixels is over this; it goes from 0 (a smooth
            picture) to 1 (snow), see impasto.ops.noise_score; 1 takes any.
        distance: Near duplicates differ in at most so many of the 64 bits of their perceptual hashes, from 0 to 11. All
            pairs that do are found.
        min_likeness: And at 24 x 24 pixels in color they correlate at least so much, from 0 to 1, one of them perhaps
            cropped by 4 or 8 %.
        mirrored: Whether a picture and its mirror image are near duplicates.
        repeats: A caption of more than so many pictures is repeated; ALIGN's limit is 10; 0 takes any.
        min_words: A caption of fewer words is boilerplate; 0 takes any.
        boilerplate: Further captions that say nothing, by themselves; case, punctuation and digits have no say.
        ignore: Flags that are reported and leave nothing out, such as "noisy image".

    Raises:
        RecipeError: If a value makes no sense.
    """

    min_side: int = 32
    max_aspect: float = 3.0
    min_contrast: float = 4.0
    max_noise: float = 0.6
    distance: int = 7
    min_likeness: float = 0.95
    mirrored: bool = True
    repeats: int = 10
    min_words: int = 0
    boilerplate: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        at_least(0, min_side=self.min_side, distance=self.distance, repeats=self.repeats, min_words=self.min_words)
        require(self.distance <= 11, f"distance={self.distance!r} must lie in 0..11: farther apart is no duplicate")
        aspect = is_number(self.max_aspect) and self.max_aspect >= 1
        require(aspect, f"max_aspect={self.max_aspect!r} must be at least 1, a square's")
        contrast = is_number(self.min_contrast) and 0 <= self.min_contrast <= 127
        require(contrast, f"min_contrast={self.min_contrast!r} must lie in [0, 127]")
        probability("max_noise", self.max_noise)
        probability("min_likeness", self.min_likeness)
        flag("mirrored", self.mirrored)
        for name in ("boilerplate", "ignore"):
            value = getattr(self, name)
            texts = isinstance(value, tuple) and all(isinstance(one, str) for one in value)
            require(texts, f"{name}={value!r} must be a tuple of texts")
        unknown = [one for one in self.ignore if one not in known_flags()]
        if unknown:
            raise RecipeError(f"ignore={unknown[0]!r} is no flag; there are {', '.join(known_flags())}")
