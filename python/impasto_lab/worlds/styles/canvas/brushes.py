"""A brush and a canvas: strokes have a colour and stand out of the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto_lab.worlds.styles.canvas.fields import Values
from impasto_lab.worlds.styles.canvas.filters import lit
from impasto_lab.worlds.styles.canvas.palette import shaded
from impasto_lab.worlds.styles.canvas.raster import to_bytes, to_image, to_values

#: Directions that a brush is kept in, over half a turn.
ANGLES = 20


@dataclass(frozen=True)
class Brush:
    """A brush's marks.

    Attributes:
        marks: [ANGLES][shapes] of two ``"L"`` images of one size: where paint goes, and how high it stands.
    """

    marks: list[list[tuple[Any, Any]]]


def brush(
    rng: np.random.Generator, length: float, width: float, *, bristles: float = 0.5, bend: float = 0.0, shapes: int = 2
) -> Brush:
    """Makes a brush.

    Args:
        rng: The bristles' stream.
        length: Of a stroke, in pixels.
        width: Likewise.
        bristles: 0 for a smooth stroke, 1 for a streaky one that ends raggedly.
        bend: How far a stroke's middle lies off the line between its ends, in widths.
        shapes: How many different strokes there are in each direction.
    """
    half = int(np.ceil(np.hypot(length, width) / 2 + abs(bend) * width)) + 1
    at = np.arange(-half, half + 1, dtype=np.float32)
    turns = np.arange(ANGLES, dtype=np.float32)[:, None, None] * np.float32(np.pi / ANGLES)
    cosine, sine = np.cos(turns), np.sin(turns)
    along = (at * cosine + at[:, None] * sine) / np.float32(length / 2)
    across = (at[:, None] * cosine - at * sine) / np.float32(width / 2)
    across += np.float32(2 * bend) * (along * along - np.float32(0.5))
    off = np.abs(across)
    hairs = max(3, round(width / 1.6))
    lane = np.clip((across + 1) * np.float32(32), 0, 64).astype(np.int64)
    side = np.clip((1 - off) * np.float32(width / 2) + np.float32(0.5), 0, 1)
    # Paint is pushed to the edges and to the end of the stroke.
    pushed = 0.45 + 0.3 * off * off + 0.15 * along
    reach = (1 - np.abs(along) - 0.25 * off * off * off) * np.float32(length / 2)
    marks: list[list[tuple[Any, Any]]] = [[] for _ in range(ANGLES)]
    for _ in range(shapes):
        tables = [
            np.interp(np.linspace(0, hairs, 65), range(hairs + 1), rng.random(hairs + 1)).astype(np.float32)
            for _ in range(2)
        ]
        ragged, ridge = (
            np.float32(0.22 * bristles * length) * tables[0],
            np.float32(0.45 * bristles) * (tables[1] - 0.5),
        )
        cover = np.clip(reach - ragged[lane], 0, 1) * side
        height = pushed + ridge[lane]
        for turn in range(ANGLES):
            marks[turn].append((to_image(cover[turn]), to_image(height[turn])))
    return Brush(marks)


class Canvas:
    """A ground that takes strokes.

    Args:
        ground: [H, W, 3] float32, RGB from 0 to 1.
        flat: Strokes don't stand out, and take half the time.
    """

    def __init__(self, ground: Values, *, flat: bool = False) -> None:
        self._paint = to_image(ground)
        self._height = None if flat else to_image(np.full(ground.shape[:2], 0.3, np.float32))

    def stroke(
        self,
        tool: Brush,
        rows: Values,
        columns: Values,
        angles: Values,
        inks: Values,
        shapes: npt.NDArray[np.int64],
    ) -> None:
        """Paints strokes, one over another.

        Args:
            tool: The brush.
            rows: [n] float32, where the strokes' middles are, in pixels.
            columns: [n] float32.
            angles: [n] float32, in radians.
            inks: [n, 3] float32, RGB from 0 to 1.
            shapes: [n], which of the brush's shapes, modulo their number.
        """
        size = tool.marks[0][0][0].size[0] // 2
        lefts = (np.rint(columns).astype(np.int64) - size).tolist()
        tops = (np.rint(rows).astype(np.int64) - size).tolist()
        turns = (np.rint(angles * ANGLES / np.pi).astype(np.int64) % ANGLES).tolist()
        colors = [tuple(ink) for ink in to_bytes(inks).tolist()]
        kinds = (shapes % len(tool.marks[0])).tolist()
        for left, top, turn, color, kind in zip(lefts, tops, turns, colors, kinds, strict=True):
            cover, height = tool.marks[turn][kind]
            box = (left, top, left + cover.size[0], top + cover.size[1])
            self._paint.paste(color, box, cover)
            if self._height is not None:
                self._height.paste(height, box, cover)

    def seen(self, *, relief: float = 0.0, angle: float = -2.2, gloss: float = 0.4) -> Values:
        """The painting under light from one side.

        Args:
            relief: How thick the paint is.
            angle: Where the light comes from, in radians.
            gloss: How much the paint shines.

        Returns:
            [H, W, 3] float32, RGB from 0 to 1.
        """
        paint = to_values(self._paint)
        if self._height is None:
            return paint
        shade, shine = lit(to_values(self._height), angle, 8 * relief)
        seen: Values = shaded(paint, 1 + shade) + (gloss * shine)[..., None]
        return seen
