"""How alike two pictures are, seen small, one of them perhaps cropped a little."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt

from impasto import ops
from impasto.ops import Image

#: Side at which pictures are compared, in pixels.
SIDE = 24
#: What may be left of a picture's sides by a crop, and where it may lie: at an edge, in the middle, at the other.
_SHARES = (0.96, 0.92)
_PLACES = (0.0, 0.5, 1.0)
#: What is less alike than this as it is won't be so with any such crop.
_HOPELESS = 0.5


def likeness(one: Image, other: Image, enough: float) -> float:
    """The correlation of two pictures over pixels, each channel about its mean, the best over small crops of either.

    Args:
        one: [24, 24, 3] uint8.
        other: Likewise.
        enough: Crops are not tried once it is so much.

    Returns:
        The correlation, in [-1, 1]; 1 for two flat pictures.
    """
    a, b = _unit(one), _unit(other)
    best = float((a * b).sum())
    if not _HOPELESS <= best < enough:
        return best
    cropped = [float((_unit(crop) * b).sum()) for crop in _crops(one)]
    cropped += [float((_unit(crop) * a).sum()) for crop in _crops(other)]
    return max(best, *cropped)


def _crops(look: Image) -> Iterator[Image]:
    for share, left, top in product(_SHARES, _PLACES, _PLACES):
        side, rest = share * SIDE, (1 - share) * SIDE
        yield ops.resize(look, SIDE, box=(left * rest, top * rest, side, side), interpolation="bilinear")


def _unit(look: Image) -> npt.NDArray[np.float64]:
    """A look about its channels' means, with norm 1; two flat looks correlate as if they were equal."""
    values = look - look.mean(axis=(0, 1))
    norm = float(np.sqrt((values * values).sum()))
    return values / norm if norm else np.full(look.shape, look.size**-0.5)
