"""What images stored smaller would give, measured on some of a data set's own."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from impasto import _core, ops
from impasto.errors import ImpastoError
from impasto.recipe import Recipe
from impasto.sources import Source

#: What they are stored at: pixels of the shorter side, and JPEG quality.
SHORT_SIDE, QUALITY = 256, 95
#: Images that are stored again, and times that each of both is loaded; the fastest counts.
_IMAGES, _ROUNDS = 16, 3


@dataclass(frozen=True)
class StoredSmaller:
    """What the same images give when they are stored at a short side of 256 pixels.

    Attributes:
        images: How many were stored again.
        cost: CPU time to decode and resize them, as a share of what those that were take.
        kilobytes: Of an image as it was, and as stored again.
        short_side: Median of the shorter sides, in pixels.
    """

    images: int
    cost: float
    kilobytes: tuple[float, float]
    short_side: int


class Trial:
    """Stores some images again, and loads both from memory in turns, on one core: when it is called, once.

    Args:
        data: The data set.
        recipe: What is done to the samples; of it what is done to images.
    """

    def __init__(self, data: Source, recipe: Recipe) -> None:
        self._data, self._recipe = data, recipe
        self._found: list[StoredSmaller | None] = []

    def __call__(self) -> StoredSmaller | None:
        """What was measured; None where no image is larger, or they would have to be fetched from far away."""
        if not self._found:
            self._found.append(None if self._data.copies else _stored(self._data, self._recipe))
        return self._found[0]


def _stored(data: Source, recipe: Recipe) -> StoredSmaller | None:
    before, after, sides = [], [], []
    for row in np.unique(np.linspace(0, len(data) - 1, min(_IMAGES, len(data)), dtype=np.int64)).tolist():
        try:
            index, at = data.find(row)
            encoded = index.image(at)
            header = ops.probe(encoded)
            side = min(header.height, header.width)
            again = encoded if side <= SHORT_SIDE else _smaller(encoded, header.orientation, SHORT_SIDE / side)
        except ImpastoError:
            continue  # what is wrong with it is its batch's error
        sides.append(side)
        before.append(encoded)
        after.append(again)
    if not sides or max(sides) <= SHORT_SIDE:
        return None
    alone = replace(recipe, text=None, mix=None).native
    indexes = [_index(images) for images in (before, after)]
    seconds = np.asarray([[_seconds(alone, index) for index in indexes] for _ in range(_ROUNDS)]).min(axis=0)
    kilobytes = [float(np.mean([len(one) for one in images]) / 1000) for images in (before, after)]
    return StoredSmaller(
        len(sides), float(seconds[1] / seconds[0]), (kilobytes[0], kilobytes[1]), int(np.median(sides))
    )


def _smaller(encoded: bytes, orientation: int, scale: float) -> bytes:
    pixels = ops.decode(encoded)
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return ops.encode_jpeg(ops.resize(pixels, (height, width)), quality=QUALITY, orientation=orientation)


def _index(images: list[bytes]) -> _core.Index:
    builder = _core.IndexBuilder()
    for number, image in enumerate(images):
        builder.add_bytes(str(number), image, [])
    return builder.finish()


def _seconds(recipe: _core.Recipe, index: _core.Index) -> float:
    """CPU time of this thread."""
    rows = np.arange(len(index), dtype=np.int64)
    begun = time.thread_time()
    staged = _core.Staged(recipe, len(index))
    failed = staged.load(index, at=rows, source_rows=rows, samples=rows, seed=0, epoch=0, threads=1)
    seconds = time.thread_time() - begun
    if failed:
        raise failed[0][1]
    return seconds
