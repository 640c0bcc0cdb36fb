"""How far each point lies from each shape's edge: signed distances, negative inside.

The formulas are Inigo Quilez's (iquilezles.org/articles/distfunctions2d), in numpy. Every shape fits the unit circle;
y goes down. Distances may be a little off outside, where only shadows are drawn from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.floating[Any]]


def _circle(x: Values, y: Values) -> Values:
    return np.hypot(x, y) - 0.92


def _square(x: Values, y: Values) -> Values:
    return _box(x, y, 0.72, 0.72) - 0.05


def _box(x: Values, y: Values, width: float, height: float) -> Values:
    across, down = np.abs(x) - width, np.abs(y) - height
    return np.hypot(np.maximum(across, 0), np.maximum(down, 0)) + np.minimum(np.maximum(across, down), 0)


def _polygon(x: Values, y: Values, points: list[tuple[float, float]]) -> Values:
    """The distance to a polygon: the nearest of its edges, with the sign of the winding number."""
    squared = np.full_like(x, np.inf)
    sign = np.ones_like(x)
    for (ax, ay), (bx, by) in zip(points, points[-1:] + points[:-1], strict=True):
        ex, ey = bx - ax, by - ay
        wx, wy = x - ax, y - ay
        along = np.clip((wx * ex + wy * ey) / (ex * ex + ey * ey), 0, 1)
        squared = np.minimum(squared, (wx - ex * along) ** 2 + (wy - ey * along) ** 2)
        above, below, left = y >= ay, y < by, ex * wy > ey * wx
        crossed = (above & below & left) | ~(above | below | left)
        sign = np.where(crossed, -sign, sign)
    distance: Values = sign * np.sqrt(squared)
    return distance


def _around(count: int, radius: float, first: float = -math.pi / 2) -> list[tuple[float, float]]:
    angles = [first + 2 * math.pi * corner / count for corner in range(count)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def _triangle(x: Values, y: Values) -> Values:
    return _polygon(x, y - 0.12, _around(3, 0.9)) - 0.06


def _star(x: Values, y: Values) -> Values:
    outer, inner = _around(5, 0.92), _around(5, 0.4, -math.pi / 2 + math.pi / 5)
    return _polygon(x, y, [corner for pair in zip(outer, inner, strict=True) for corner in pair]) - 0.04


def _heart(x: Values, y: Values) -> Values:
    x, y = np.abs(x) / 1.5, (0.86 - y) / 1.5
    lobe = np.hypot(x - 0.25, y - 0.75) - math.sqrt(2) / 4
    diagonal = 0.5 * np.maximum(x + y, 0)
    tip = np.sqrt(np.minimum(x**2 + (y - 1) ** 2, (x - diagonal) ** 2 + (y - diagonal) ** 2)) * np.sign(x - y)
    distance: Values = np.where(x + y > 1, lobe, tip) * 1.5
    return distance


def _ring(x: Values, y: Values) -> Values:
    return np.abs(np.hypot(x, y) - 0.68) - 0.24


def _cross(x: Values, y: Values) -> Values:
    return np.minimum(_box(x, y, 0.85, 0.24), _box(x, y, 0.24, 0.85)) - 0.04


def _hexagon(x: Values, y: Values) -> Values:
    return _polygon(x, y, _around(6, 0.92, 0.0)) - 0.03


def _crescent(x: Values, y: Values) -> Values:
    distance: Values = np.maximum(np.hypot(x, y) - 0.92, 0.72 - np.hypot(x - 0.42, y + 0.1))
    return distance


def _diamond(x: Values, y: Values) -> Values:
    return _polygon(x, y, [(0.0, -0.95), (0.62, 0.0), (0.0, 0.95), (-0.62, 0.0)]) - 0.03


def _bar(x: Values, y: Values) -> Values:
    return _box(x, y, 0.9, 0.26) - 0.04


DISTANCES: dict[str, Callable[[Values, Values], Values]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "ring": _ring,
    "cross": _cross,
    "hexagon": _hexagon,
    "crescent": _crescent,
    "diamond": _diamond,
    "bar": _bar,
}


#: How much of the unit circle's radius a line is wide on either side.
_LINE = 0.07


def distance(name: str) -> Callable[[Values, Values], Values]:
    """The signed distance to a shape, or to a form of one.

    Args:
        name: Of `DISTANCES`; or ``"outlined star"``, its edge as a line, or ``"doubled star"``, a line around a smaller
            one.
    """
    form, _, shape = name.rpartition(" ")
    filled = DISTANCES[shape]
    return filled if not form else lambda x, y: _FORMS[form](filled(x, y))


def _outlined(edge: Values) -> Values:
    line: Values = np.abs(edge + _LINE) - _LINE
    return line


def _doubled(edge: Values) -> Values:
    both: Values = np.minimum(_outlined(edge), edge + 3.4 * _LINE)
    return both


_FORMS: dict[str, Callable[[Values], Values]] = {"outlined": _outlined, "doubled": _doubled}
