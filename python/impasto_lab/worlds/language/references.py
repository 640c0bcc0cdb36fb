"""Expressions that mean one thing of a scene, and boxes among which it is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from impasto_lab.worlds.language.things import single, things_of

#: Boxes that hold nothing in particular.
_EMPTY = 4


def refer(facts: Mapping[str, Any], side: int) -> list[dict[str, Any]]:
    """Each thing of a scene with expressions that mean it alone, as `RefCocoWriter` takes them.

    Args:
        facts: The scene's.
        side: Of the image, in pixels.
    """
    things = things_of(facts)
    shapes, colors = single(things, "shape"), single(things, "color")
    found = []
    for fact, thing in zip(facts["things"], things, strict=True):
        sentences = [f"{thing.color} {thing.shape}"]  # no two things of a scene have both in common
        if thing in shapes:
            sentences.append(f"the {thing.size} {thing.shape}")
        if thing in colors:
            sentences.append(f"the {thing.color} thing")
        box = [round(side * share, 2) for share in fact["box"]]
        found.append({"sentences": sentences, "bbox": box, "category": thing.shape})
    return found


def propose(references: list[dict[str, Any]], side: int, rng: np.random.Generator) -> list[list[float]]:
    """Boxes as a detector would give them: each thing's, a little off, and some of nothing in particular.

    Args:
        references: The things, from `refer`.
        side: Of the image, in pixels.
        rng: Their stream.
    """
    boxes = []
    for one in references:
        left, top, width, height = one["bbox"]
        moved = rng.uniform(-0.06, 0.06, 4) * (width, height, width, height)
        boxes.append([left + moved[0], top + moved[1], width + moved[2], height + moved[3]])
    for _ in range(_EMPTY):
        size = rng.uniform(0.15, 0.4, 2) * side
        boxes.append([*(rng.random(2) * (side - size)), *size])
    return [[round(float(value), 2) for value in box] for box in boxes]
