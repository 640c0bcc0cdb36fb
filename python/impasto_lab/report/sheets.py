"""Sheets of pictures with words below them."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from impasto_lab.report.plots import ACCENT, FAINT, INK


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture on a sheet.

    Attributes:
        pixels: [H, W, 3] uint8.
        words: Below it.
        marked: Whether it has a frame.
        heat: [h, w], laid over it as a heat map; None lays nothing.
    """

    pixels: npt.NDArray[np.uint8]
    words: str = ""
    marked: bool = False
    heat: npt.NDArray[np.floating] | None = None


def sheet_png(rows: Sequence[Sequence[Shown]], *, titles: Sequence[str] = (), side: float = 1.5) -> bytes:
    """Pictures row by row, as the bytes of a PNG file.

    Args:
        rows: What is shown; rows may be of different lengths.
        titles: Above the columns.
        side: Of a picture, in inches.
    """
    columns = max(map(len, rows))
    width = round(side * 15)  # letters of this size that fit
    lines = [max((len(_wrapped(shown.words, width)) for shown in row), default=0) for row in rows]
    heights = [side + 0.13 * count + 0.1 for count in lines]
    figure = Figure(figsize=(columns * (side + 0.15), sum(heights) + (0.3 if titles else 0.0)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, gridspec_kw={"height_ratios": heights})
    for place, row in enumerate(rows):
        for column in range(columns):
            axes = grid[place, column]
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set_visible(False)
            if place == 0 and column < len(titles):
                axes.set_title(titles[column], fontsize=8, color=INK)
            if column >= len(row):
                axes.set_axis_off()
                continue
            shown = row[column]
            height, wide = shown.pixels.shape[:2]
            axes.imshow(shown.pixels, extent=(0, wide, height, 0))
            if shown.heat is not None:
                most = float(shown.heat.max()) or 1.0
                axes.imshow(
                    shown.heat / most, extent=(0, wide, height, 0), cmap="inferno", alpha=0.55, interpolation="bilinear"
                )
            axes.set_anchor("N")
            axes.set_xlabel("\n".join(_wrapped(shown.words, width)), fontsize=6, color=INK)
            for spine in axes.spines.values():
                spine.set_visible(shown.marked)
                spine.set(color=ACCENT if shown.marked else FAINT, linewidth=2)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()


def _wrapped(words: str, width: int) -> list[str]:
    return [line for part in words.split("\n") for line in textwrap.wrap(part, width)]
