"""What an image of several things shows, where each is seen, and what a shift makes of the picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto.streams import pick
from impasto_lab.worlds.formats.instances.instance import Instance
from impasto_lab.worlds.instances.settings import Crowd
from impasto_lab.worlds.scenes.plan import Scene, Thing
from impasto_lab.worlds.scenes.shapes import DISTANCES
from impasto_lab.worlds.scenes.vocabulary import BACKGROUNDS, COLORS, TEXTURES

Pixels = npt.NDArray[np.uint8]

#: The classes, each with the color, the texture and the ground that are its own where the shortcut holds.
CLASSES: dict[str, tuple[str, str, str]] = {
    "circle": ("red", "plain", "grass"),
    "cross": ("blue", "striped", "sand"),
    "crescent": ("yellow", "plain", "night"),
    "heart": ("pink", "dotted", "stone"),
    "star": ("orange", "checkered", "water"),
    "triangle": ("green", "striped", "wood"),
}
#: Pixels of a thing that must be seen for it to be written down.
_SEEN = 12


def draw_crowd(crowd: Crowd, rng: np.random.Generator) -> Scene:
    """Draws what an image shows: things may cover each other, but none the middle of another.

    Args:
        crowd: How.
        rng: Its stream.
    """
    things: list[Thing] = []
    count = int(rng.integers(crowd.things[0], crowd.things[1] + 1))
    for _ in range(20 * count):
        if len(things) == count:
            break
        radius = float(rng.uniform(*crowd.radius))
        x, y = (float(value) for value in rng.uniform(0.7 * radius, 1 - 0.7 * radius, 2))
        if any(math.hypot(x - one.x, y - one.y) < 0.8 * (radius + one.radius) for one in things):
            continue
        shape = pick(rng, list(CLASSES))
        color, texture, _ = CLASSES[shape]
        things.append(
            Thing(
                shape=shape,
                color=_own(rng, crowd.rho, color, list(COLORS)),
                texture=_own(rng, crowd.rho, texture, list(TEXTURES)),
                size="medium",
                x=x,
                y=y,
                radius=radius,
                angle=float(rng.uniform(-0.6, 0.6)),
            )
        )
    ground = _own(rng, crowd.rho, CLASSES[things[0].shape][2], list(BACKGROUNDS))
    return Scene(background=ground, things=tuple(things))


def seen_in(scene: Scene, side: int) -> list[Instance]:
    """The things of a scene, each with the pixels that no later one covers; what is hardly seen is left out.

    Args:
        scene: What is shown.
        side: Of the image, in pixels.
    """
    at = (np.arange(side, dtype=np.float64) + 0.5) / side
    covered = np.zeros((side, side), np.bool_)
    found = []
    for thing in reversed(scene.things):
        across, down = (at[None, :] - thing.x) / thing.radius, (at[:, None] - thing.y) / thing.radius
        cos, sin = math.cos(thing.angle), math.sin(thing.angle)
        inside = DISTANCES[thing.shape](cos * across + sin * down, cos * down - sin * across) <= 0
        mask = inside & ~covered
        covered |= inside
        if mask.sum() >= _SEEN:
            found.append(Instance(thing.shape, mask))
    return found[::-1]


def shifted(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """A picture as another camera would have taken it, in other light; nothing moves.

    Args:
        pixels: [H, W, 3] uint8.
        strength: From 0, the picture itself, to 1.
        rng: Its stream.
    """
    if strength == 0:
        return pixels
    cast = 1 + strength * rng.uniform(-0.35, 0.35, 3)
    contrast = 1 - strength * float(rng.uniform(0.1, 0.5))
    noise: npt.NDArray[Any] = rng.normal(0, 14 * strength, pixels.shape)
    middle = 118.0
    changed: Pixels = np.clip((pixels * cast - middle) * contrast + middle + noise, 0, 255).astype(np.uint8)
    return changed


def _own(rng: np.random.Generator, rho: float, own: str, all_of_them: list[str]) -> str:
    """The class's own with probability rho, else any of the others."""
    return own if rng.random() < rho else pick(rng, [one for one in all_of_them if one != own])
