"""How scenes are drawn and told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["related", "listed", "counted", "picked", "terse", "told"]

#: One short caption of each kind.
EACH: tuple[Kind, ...] = ("related", "listed", "counted", "picked", "terse")


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How scenes are drawn and told.

    Attributes:
        counts: The shares of scenes of one, two, three and four things.
        plain: The share of grounds of one color, on which both of two mixed scenes stay to be seen.
        kinds: Of captions, one for each; see `describe`.
    """

    counts: tuple[float, float, float, float] = (0.15, 0.35, 0.3, 0.2)
    plain: float = 0.0
    kinds: tuple[Kind, ...] = EACH


USUAL = Manner()

#: What MixGen's effect is looked for in: crowded scenes, half of them on plain grounds, with long captions beside short
#: ones and two wordings of the same.
RICH = Manner(counts=(0.1, 0.2, 0.35, 0.35), plain=0.5, kinds=("told", "told", "listed", "related", "terse"))

MANNERS: dict[str, Manner] = {"usual": USUAL, "rich": RICH}
