"""The plane cut into cells, each around a point of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto_lab.worlds.styles.canvas.fields import Shape, Values, places


@dataclass(frozen=True)
class Cells:
    """Cells of a Voronoi diagram.

    Attributes:
        label: [H, W] int64, which cell each pixel lies in, below `count`.
        distance: [H, W] float32, from the cell's point, in pixels.
        border: [H, W] float32, how far the cell's edge is, in pixels; 0 on it.
        rows: [count] float32, where the points lie, in pixels.
        columns: [count] float32.
    """

    label: npt.NDArray[np.int64]
    distance: Values
    border: Values
    rows: Values
    columns: Values

    @property
    def count(self) -> int:
        """How many cells there are, those outside the picture included."""
        return self.rows.size

    def means(self, picture: Values) -> Values:
        """The mean colour of the pixels of each cell, [count, 3] float32; black where there are none."""
        sizes = np.maximum(np.bincount(self.label.ravel(), minlength=self.count), 1)
        sums = [np.bincount(self.label.ravel(), channel.ravel(), self.count) for channel in np.moveaxis(picture, -1, 0)]
        means: Values = (np.stack(sums, axis=-1) / sizes[:, None]).astype(np.float32)
        return means


def cut(
    rng: np.random.Generator,
    shape: Shape,
    side: float,
    *,
    jitter: float = 1.0,
    offset: tuple[Values, Values] | None = None,
    corners: float = 2.0,
) -> Cells:
    """Cuts a picture into cells.

    Args:
        rng: Its stream.
        shape: Height and width.
        side: How wide a cell is on average, in pixels.
        jitter: 0 for squares, 1 for cells as irregular as can be.
        offset: How far each pixel is looked up from its place, down and across, [H, W] in pixels: bends the edges.
        corners: 2 measures distances as the crow flies, 1 along streets, which gives diamonds.
    """
    y, x = places(shape)
    if offset is not None:
        y, x = y + offset[0], x + offset[1]
    y, x = y / np.float32(side) + 2, x / np.float32(side) + 2
    rows, columns = (int(extent / side) + 6 for extent in shape)
    at = rng.uniform(0.5 - jitter / 2, 0.5 + jitter / 2, (2, rows, columns)).astype(np.float32)
    at += np.indices((rows, columns), dtype=np.float32)
    row = np.clip(y.astype(np.int64), 1, rows - 2)
    column = np.clip(x.astype(np.int64), 1, columns - 2)
    flat = row * columns + column
    first = np.full(np.broadcast_shapes(y.shape, x.shape), 1e9, np.float32)
    second, label = first.copy(), np.zeros(first.shape, np.int64)
    tops, lefts = at[0].ravel(), at[1].ravel()
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            cell = flat + (down * columns + across)
            dy, dx = y - tops[cell], x - lefts[cell]
            far = np.sqrt(dy * dy + dx * dx) if corners > 1.5 else np.abs(dy) + np.abs(dx)
            nearer = far < first
            second = np.where(nearer, first, np.minimum(second, far))
            label = np.where(nearer, cell, label)
            first = np.minimum(first, far)
    scale = np.float32(side)
    points = ((at.reshape(2, -1) - 2) * scale).astype(np.float32)
    return Cells(label, first * scale, (second - first) * (scale / 2), points[0], points[1])
