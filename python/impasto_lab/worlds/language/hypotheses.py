"""Hypotheses about a scene: one that it entails, one that it contradicts, one that it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from impasto.streams import pick
from impasto_lab.worlds.language.things import article, things_of
from impasto_lab.worlds.scenes.vocabulary import COLORS, SHAPES

#: What no picture tells.
_OPEN = (
    "the {noun} is heavy",
    "somebody painted the {noun} yesterday",
    "the {noun} belongs to a child",
    "there is a second {noun} on the back of the picture",
)


def suppose(facts: Mapping[str, Any], rng: np.random.Generator) -> list[dict[str, str]]:
    """Three hypotheses, as `SnliVeWriter` takes them.

    Args:
        facts: The scene's.
        rng: Their stream.
    """
    things = things_of(facts)
    there = {(one.color, one.shape) for one in things}
    color, shape = pick(rng, sorted(there))
    absent = [(other, shape) for other in COLORS if (other, shape) not in there]
    absent += [(color, other) for other in SHAPES if (color, other) not in there]
    forms = ("there is {}", "the picture shows {}")
    return [
        {"sentence": pick(rng, forms).format(article(f"{color} {shape}")), "label": "entailment"},
        {"sentence": pick(rng, forms).format(article(" ".join(pick(rng, absent)))), "label": "contradiction"},
        {"sentence": pick(rng, _OPEN).format(noun=f"{color} {shape}"), "label": "neutral"},
    ]
