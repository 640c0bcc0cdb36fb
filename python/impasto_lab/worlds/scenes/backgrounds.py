"""Grounds: textures made of smooth noise, and plain ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from impasto_lab.worlds.scenes.vocabulary import PLAIN_GROUNDS

Values = npt.NDArray[np.float32]


def paint(name: str, side: int, rng: np.random.Generator) -> Values:
    """Paints a background.

    Args:
        name: Of `GROUNDS`, or ``"paper"``.
        side: Height and width, in pixels.
        rng: Its stream.

    Returns:
        [side, side, 3] float32, RGB, about 0 to 255.
    """
    if name in PLAIN_GROUNDS:
        color = np.array(PLAIN_GROUNDS[name], np.float32) * rng.uniform(0.92, 1.08)
        return np.broadcast_to(color.astype(np.float32), (side, side, 3)).copy()
    return _PAINTERS[name](side, rng)


@cache
def _steps(side: int, cells: int) -> tuple[npt.NDArray[np.int64], Values]:
    """The grid cell that each pixel lies in, and how far into it, smoothed."""
    at = np.linspace(0, cells, side, endpoint=False, dtype=np.float32)
    cell = at.astype(np.int64)
    part = at - cell
    return cell, part * part * (3 - 2 * part)


def _noise(side: int, rng: np.random.Generator, rows: int, columns: int) -> Values:
    """[side, side] smooth noise in [-1, 1] with so many cells down and across."""
    grid = rng.uniform(-1, 1, (rows + 1, columns + 1)).astype(np.float32)
    cell, part = _steps(side, rows)
    down = grid[cell] + (grid[cell + 1] - grid[cell]) * part[:, None]
    cell, part = _steps(side, columns)
    left = down[:, cell]
    noise: Values = left + (down[:, cell + 1] - left) * part
    return noise


def _mottled(side: int, rng: np.random.Generator, cells: int, octaves: int) -> Values:
    """Noise of several scales, each twice as fine and half as strong as the one before."""
    return sum(
        (_noise(side, rng, cells << octave, cells << octave) / 2**octave for octave in range(octaves)),
        start=np.zeros((side, side), np.float32),
    )


def _between(low: tuple[int, int, int], high: tuple[int, int, int], level: Values) -> Values:
    """From one colour, at level 0, to another, at 1."""
    start, end = np.array(low, np.float32), np.array(high, np.float32)
    return start + (end - start) * level[..., None]


def _rows(side: int) -> Values:
    return np.broadcast_to(np.linspace(0, 1, side, dtype=np.float32)[:, None], (side, side))


def _wood(side: int, rng: np.random.Generator) -> Values:
    planks = int(rng.integers(3, 6))
    y = _rows(side) * planks
    plank = np.minimum(y.astype(np.int64), planks - 1)
    shade = rng.uniform(-0.16, 0.16, planks).astype(np.float32)[plank]
    grain = np.sin(2 * np.pi * (y * 4 + 1.6 * _noise(side, rng, 3 * planks, 3)) + 7 * plank)
    fibres = _noise(side, rng, side // 3, 6)
    level = 0.55 + 0.16 * grain + 0.14 * fibres + shade
    seam = np.abs(y - np.rint(y)) * side / planks < 1.1
    return _between((120, 76, 42), (206, 156, 102), np.where(seam, 0.0, level).astype(np.float32))


def _grass(side: int, rng: np.random.Generator) -> Values:
    blades = _noise(side, rng, side // 9, side // 2) + 0.7 * _noise(side, rng, side // 5, side // 3)
    level = 0.45 + 0.24 * blades + 0.14 * _mottled(side, rng, 4, 3)
    return _between((44, 84, 30), (138, 178, 76), level.astype(np.float32))


def _sand(side: int, rng: np.random.Generator) -> Values:
    ripples = np.sin(2 * np.pi * (_rows(side) * rng.uniform(7, 10) + 0.9 * _noise(side, rng, 3, 4)))
    grains = rng.normal(0, 1, (side, side)).astype(np.float32)
    level = 0.6 + 0.13 * ripples + 0.07 * grains + 0.08 * _mottled(side, rng, 5, 2)
    return _between((190, 156, 104), (240, 216, 170), level.astype(np.float32))


def _water(side: int, rng: np.random.Generator) -> Values:
    waves = np.sin(2 * np.pi * (_rows(side) * rng.uniform(9, 13) + 1.1 * _noise(side, rng, 9, 5)))
    fine = _noise(side, rng, side // 5, side // 14)
    level = 0.34 + 0.14 * waves + 0.12 * fine + 0.5 * np.maximum(waves - 0.86, 0) * 4
    return _between((34, 92, 138), (150, 208, 230), level.astype(np.float32))


def _stone(side: int, rng: np.random.Generator) -> Values:
    specks = rng.normal(0, 1, (side, side)).astype(np.float32)
    veins = np.abs(_noise(side, rng, 5, 5) + 0.4 * _noise(side, rng, 11, 11))
    level = 0.5 + 0.12 * _mottled(side, rng, 6, 4) + 0.05 * specks - 0.35 * np.maximum(0.06 - veins, 0) / 0.06
    return _between((104, 104, 102), (192, 190, 186), level.astype(np.float32))


def _night(side: int, rng: np.random.Generator) -> Values:
    cloud = np.maximum(_mottled(side, rng, 3, 3), 0)
    sky = _between((10, 12, 34), (46, 44, 92), (0.25 + 0.4 * _rows(side) + 0.35 * cloud).astype(np.float32))
    for _ in range(side // 2):
        x, y = rng.integers(1, side - 1, 2)
        light = float(rng.uniform(50, 200)) * float(rng.random()) ** 2
        sky[y, x] += light
        sky[y - 1 : y + 2, x - 1 : x + 2] += 0.25 * light
    return sky


def _paper(side: int, rng: np.random.Generator) -> Values:
    """What product shots lie on; no scene of the captioned world does."""
    del rng
    return np.full((side, side, 3), 250, np.float32)


_PAINTERS: dict[str, Callable[[int, np.random.Generator], Values]] = {
    "wood": _wood,
    "grass": _grass,
    "sand": _sand,
    "water": _water,
    "stone": _stone,
    "night": _night,
    "paper": _paper,
}
