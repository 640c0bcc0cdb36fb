"""Styles made of others: pictures of several families turned, bent, recoloured and put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from impasto.checks import require
from impasto.streams import pick
from impasto_lab.worlds.styles.canvas.fields import Values, rotated, step
from impasto_lab.worlds.styles.canvas.filters import blur, slopes, warp
from impasto_lab.worlds.styles.canvas.palette import MOODS, draw_palette, mix, ramp
from impasto_lab.worlds.styles.canvas.picture import luminance, recolored, stretched
from impasto_lab.worlds.styles.canvas.raster import to_bytes

#: How many pictures a compound is made of, at most.
PARTS = 3


def compound(pictures: Sequence[npt.NDArray[np.uint8]], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A picture whose textures are none of the given ones': what occurs together in it does so in no family.

    Args:
        pictures: Three of one size, [H, W, 3] uint8, RGB; of different families, best.
        rng: Its stream.

    Returns:
        [H, W, 3] uint8, RGB; pictures and stream are the whole input.

    Raises:
        RecipeError: If there are not three pictures, or their sizes differ.
    """
    require(len(pictures) == PARTS, f"a compound is made of {PARTS} pictures, not {len(pictures)}")
    require(len({picture.shape for picture in pictures}) == 1, "the pictures of a compound have different sizes")
    first, second, third = (_moved(picture.astype(np.float32) / np.float32(255), rng) for picture in pictures)
    way = pick(rng, _WAYS)
    made = _joined(way, _tinted(first, rng), _tinted(second, rng), third, rng)
    # Some are moved once more: what was put together is bent together then.
    return to_bytes(_moved(made, rng) if rng.random() < 0.3 else made)


def _moved(picture: Values, rng: np.random.Generator) -> Values:
    """Turned, sheared, made larger or smaller, and now and then swirled; what lies outside is mirrored."""
    height, width = picture.shape[:2]
    down, across = rotated((height, width), rng.uniform(0, 2 * np.pi))
    zoom = 2.0 ** rng.uniform(-1, 1)
    down, across = down / zoom, (across + rng.uniform(-0.4, 0.4) * down) / zoom
    if rng.random() < 0.3:
        away = np.hypot(down, across)
        turn = rng.uniform(-2, 2) * np.exp(-away / (rng.uniform(0.1, 0.4) * height))
        cosine, sine = np.cos(turn), np.sin(turn)
        down, across = down * cosine - across * sine, down * sine + across * cosine
    row = _mirrored(down + rng.uniform(0, height), height)
    column = _mirrored(across + rng.uniform(0, width), width)
    smooth = blur(picture, 0.4 / zoom if zoom < 1 else 0.0)
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    return warp(smooth, (row - y).astype(np.float32), (column - x).astype(np.float32))


def _mirrored(at: Values, extent: int) -> Values:
    """Places on a line that is folded at both ends of a picture."""
    folded: Values = extent - 1 - np.abs(at % (2 * extent - 2) - (extent - 1))
    return folded


def _tinted(picture: Values, rng: np.random.Generator) -> Values:
    """In a palette of its own or a few flat tones of one, with channels swapped, or as it is; a third are negatives."""
    drawn = rng.random()
    palette = draw_palette(MOODS[pick(rng, list(MOODS))], rng)
    if drawn < 0.4:
        picture = recolored(picture, palette, rng.uniform(0, 0.8))
    elif drawn < 0.65:
        levels = int(rng.integers(2, 6))
        tone = stretched(luminance(picture), 10, 90) * (levels - 1)
        flat = np.floor(tone) + step(tone % 1, 0.5, 0.25)
        picture = ramp(palette, flat / np.float32(levels - 1))
    elif drawn < 0.8:
        picture = picture[..., rng.permutation(3)]
    return 1 - picture if rng.random() < 0.33 else picture


def _joined(way: str, first: Values, second: Values, third: Values, rng: np.random.Generator) -> Values:
    """One picture of three; the third gives its light and dark alone."""
    made: Values
    if way == "masked":
        light = stretched(luminance(third))
        edge = float(np.quantile(light, rng.uniform(0.25, 0.75)))
        made = mix(first, second, step(light, edge, rng.uniform(0.05, 0.5)))
    elif way == "darkest":
        made = np.minimum(first, second)
    elif way == "lightest":
        made = np.maximum(first, second)
    elif way == "multiplied":
        made = first * (0.25 + 0.75 * stretched(luminance(second)))[..., None]
    elif way == "bent":
        made = _bent(first, third, rng)
    else:
        made = _repeated(first, rng)
    return made


def _bent(picture: Values, other: Values, rng: np.random.Generator) -> Values:
    """A picture pulled about by the slopes of another."""
    down, across = slopes(blur(luminance(other), rng.uniform(1, 6)))
    far = rng.uniform(4, 16) / max(float(np.hypot(down, across).mean()), 1e-4) / 2
    return warp(picture, np.clip(far * down, -30, 30), np.clip(far * across, -30, 30))


def _repeated(picture: Values, rng: np.random.Generator) -> Values:
    """A part of a picture over and over, or mirrored over and over: a pattern with a period."""
    height, width = picture.shape[:2]
    side = int(rng.integers(height // 12, height // 3) + 2)
    y, x = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    if rng.random() < 0.5:
        row, column = _mirrored(y, side), _mirrored(x, side)
    else:
        row, column = y % side, x % side
    return picture[row.astype(np.int64)][:, column.astype(np.int64)]


#: Ways to put pictures together; three of eight are masks.
_WAYS = ("masked", "masked", "masked", "darkest", "lightest", "multiplied", "bent", "repeated")
