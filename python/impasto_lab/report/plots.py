"""Plots as images for pages, in one style."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import cycle

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from impasto.jobs import encoded

#: The pages' colours: text, faint lines, what matters, what it is compared with.
INK, FAINT, ACCENT, OTHER = "#2a2522", "#e4ddd5", "#b4532a", "#b9aea3"
#: The colors of lines, in turn.
LINES = (ACCENT, OTHER, INK, "#3d7a4a", "#4a6fa5", "#8a5a9e", "#b08a2e")
_SHADES = colormaps["viridis"]


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x: str,
    y: str,
    size: tuple[float, float] = (7.2, 2.9),
) -> str:
    """A line plot for a page.

    Args:
        lines: By name: the x and the y of its points.
        x: What the x axis shows.
        y: What the y axis shows.
        size: Width and height, in inches.

    Returns:
        A PNG as a data URI.
    """
    return encoded(curves_png(lines, x=x, y=y, size=size), "image/png")


def curves_png(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x: str,
    y: str,
    size: tuple[float, float] = (7.2, 2.9),
    floor: float | None = 0.0,
) -> bytes:
    """The same line plot as `curves`, as the bytes of a PNG file; `floor` is where its y axis begins, None fits it.

    More lines than there are colors are shaded from the first to the last, and named beside the plot.
    """
    figure, axes = _axes(size)
    many = len(lines) > len(LINES)
    colors = [_SHADES(place / len(lines)) for place in range(len(lines))] if many else LINES
    for (name, (xs, ys)), color in zip(lines.items(), cycle(colors)):
        axes.plot(xs, ys, color=color, linewidth=2, label=name, solid_capstyle="round")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if floor is not None:
        axes.set_ylim(bottom=floor)
    axes.margins(x=0.01)
    if many:
        figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    elif len(lines) > 1:
        axes.legend(frameon=False)
    return _png(figure)


def levels_png(
    levels: Sequence[str],
    lines: Mapping[str, Sequence[tuple[float, float]]],
    *,
    x: str,
    y: str,
    beside: Mapping[str, float],
    size: tuple[float, float] = (7.2, 3.6),
) -> bytes:
    """Means with their intervals over the levels of something, as the bytes of a PNG file.

    Args:
        levels: N names, in their order.
        lines: By name: for each level the mean, and half of its interval; 0 where that is not known.
        x: What the levels are of.
        y: What is measured.
        beside: By a line's name, what is measured without any of it: a dashed line of its color.
        size: Width and height, in inches.
    """
    figure, axes = _axes(size)
    for (name, points), color in zip(lines.items(), cycle(LINES)):
        means, halves = [mean for mean, _ in points], [half for _, half in points]
        axes.plot(range(len(levels)), means, color=color, linewidth=2, marker="o", markersize=5, label=name)
        if any(halves):
            axes.errorbar(range(len(levels)), means, yerr=halves, fmt="none", ecolor=color, capsize=3)
        if name in beside:
            axes.axhline(beside[name], color=color, linewidth=1, linestyle="--")
    axes.set_xticks(range(len(levels)), levels)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    figure.legend(loc="outside right upper", frameon=False)
    return _png(figure)


def panels_png(
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]],
    *,
    x: str,
    y: str,
    columns: int,
    marks: Mapping[str, float] | None = None,
) -> bytes:
    """Line plots beside and below each other, on one y axis; each has lines of the same names.

    Args:
        panels: By title: by name, the x and the y of a line's points.
        x: What the x axes show.
        y: What the y axes show.
        columns: Plots in a row.
        marks: By title, an x that is marked.

    Returns:
        A PNG.
    """
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(2.2 * columns + 0.5, 2.0 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, (title, lines) in zip(grid.flat[: len(panels)], panels.items(), strict=True):
        _plain(axes)
        for (name, (xs, ys)), color in zip(lines.items(), (OTHER, ACCENT, INK)[: len(lines)], strict=True):
            # A line of one point is none.
            axes.plot(
                xs, ys, color=color, linewidth=1.6, label=name, marker="o" if len(xs) == 1 else None, markersize=4
            )
        if marks and title in marks:
            axes.axvline(marks[title], color=INK, linewidth=0.8, linestyle=":")
        axes.set_title(title, fontsize=8.5, color=INK)
    # Once all lines are drawn: a limit that is set is kept, and the axis is everybody's.
    grid.flat[0].set_ylim(bottom=0)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes in grid[-1]:
        axes.set_xlabel(x)
    for axes in grid[:, 0]:
        axes.set_ylabel(y)
    grid.flat[0].legend(frameon=False, fontsize=8)
    return _png(figure, dpi=110)


def intervals_png(rows: Mapping[str, tuple[float, Sequence[float] | None]], *, x: str, width: float = 7.2) -> bytes:
    """Means with their intervals beside each other, and a line at zero, as the bytes of a PNG file.

    Args:
        rows: By name: the mean, and the ends of its interval; None where it is not known.
        x: What is measured.
        width: In inches; the height follows the number of rows.
    """
    figure, axes = _axes((width, 0.8 + 0.3 * len(rows)))
    axes.axvline(0, color=INK, linewidth=0.8)
    for place, (mean, ends) in enumerate(rows.values()):
        if ends is not None:
            axes.plot(list(ends), [place, place], color=OTHER, linewidth=4, solid_capstyle="round")
        axes.plot([mean], [place], "o", color=ACCENT, markersize=6)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.set_xlabel(x)
    axes.margins(y=0.6 / max(len(rows), 1))
    return _png(figure)


def bars(values: Mapping[str, float], *, unit: str, best: Sequence[str] = (), width: float = 7.2) -> str:
    """Horizontal bars, in the order given, each with its value.

    Args:
        values: By name.
        unit: What is measured, below the axis.
        best: Names whose bars stand out.
        width: In inches; the height follows the number of bars.

    Returns:
        A PNG as a data URI.
    """
    return encoded(bars_png(values, unit=unit, best=best, width=width), "image/png")


def bars_png(values: Mapping[str, float], *, unit: str, best: Sequence[str] = (), width: float = 7.2) -> bytes:
    """The same bars as `bars`, as the bytes of a PNG file."""
    figure, axes = _axes((width, 0.75 + 0.36 * len(values)))
    names = list(values)
    colors = [ACCENT if name in best else OTHER for name in names]
    drawn = axes.barh(range(len(names)), list(values.values()), color=colors, height=0.66)
    axes.bar_label(drawn, labels=[f"{value:,.0f}" for value in values.values()], padding=5, color=INK, fontsize=9.5)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.1)
    return _png(figure)


def table_png(
    counts: Sequence[Sequence[float]], names: Sequence[str], *, x: str, y: str, size: tuple[float, float] = (5.4, 4.8)
) -> bytes:
    """A square table of counts, each row shaded by its shares, as the bytes of a PNG file.

    Args:
        counts: [N, N].
        names: N names, of rows and columns.
        x: What columns are.
        y: What rows are.
        size: Width and height, in inches.
    """
    figure, axes = _axes(size)
    shares = [[value / max(sum(row), 1) for value in row] for row in counts]
    axes.imshow(shares, cmap="Oranges", vmin=0, vmax=1)
    axes.grid(visible=False)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if len(names) <= 12:
        for row, values in enumerate(counts):
            for column, value in enumerate(values):
                axes.text(column, row, f"{value:g}", ha="center", va="center", color=INK, fontsize=7)
    return _png(figure)


def scatter_png(
    panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], *, columns: int, hollow: Sequence[str] = ()
) -> bytes:
    """Points on planes beside and below each other, without axes: where they lie says nothing by itself.

    Args:
        panels: By title: by name, the points of a group; groups of one name have one color.
        columns: Planes in a row.
        hollow: Groups whose points are rings.

    Returns:
        A PNG.
    """
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(3.6 * columns, 3.6 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    names = list(dict.fromkeys(name for groups in panels.values() for name in groups))
    colors = dict(zip(names, cycle(LINES)))
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (title, groups) in zip(grid.flat[: len(panels)], panels.items(), strict=True):
        axes.set_title(title, fontsize=9.5, color=INK)
        for name, points in groups.items():
            xs, ys = ([point[side] for point in points] for side in (0, 1))
            inside = "none" if name in hollow else colors[name]
            axes.scatter(xs, ys, s=9, facecolors=inside, edgecolors=colors[name], linewidths=0.7, label=name)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=8)
    return _png(figure, dpi=130)


def _axes(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """A figure without pyplot, which would keep global state."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.grid(color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9.5, length=0)
    axes.xaxis.label.set(color=INK, fontsize=9.5)
    axes.yaxis.label.set(color=INK, fontsize=9.5)


def _png(figure: Figure, *, dpi: int = 200) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi, metadata={"Software": None})
    return file.getvalue()
