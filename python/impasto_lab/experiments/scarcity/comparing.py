"""What came of it, both arms beside each other: differences by group, curves, and where they cross."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impasto.files import new_file
from impasto_lab.experiments.experiment import Piece
from impasto_lab.experiments.paging import write_page
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.scarcity.data import PARTS
from impasto_lab.experiments.scarcity.running import curve_file
from impasto_lab.experiments.scarcity.settings import Scarcity
from impasto_lab.experiments.verdicts import interval
from impasto_lab.report.plots import intervals_png, panels_png

#: A curve as it is kept: step, loss, and RSUM of each part.
Curve = Mapping[str, Sequence[float]]


def compare(results: Results, folder: Path) -> None:
    """Writes ``report.html``, ``compared.json``, ``curves.png`` and ``differences.png``, the last three of all pairs of
    arms that some seed has; curves are of the seeds that were trained in this folder.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    settings: Scarcity = results.settings
    found = {title: _pair(*arms, results, folder) for title, arms in settings.pairs().items()}
    compared = {title: one for title, one in found.items() if one is not None}
    if not compared:
        write_page(results, folder, {})
        return
    with new_file(folder / "compared.json") as partial:
        partial.write_text(json.dumps(compared, indent=2) + "\n", encoding="utf-8")
    trained = {pair: one for pair, one in compared.items() if one["curves"]}
    panels = {f"{pair}, {part}": _lines(one["curves"], part) for part in PARTS for pair, one in trained.items()}
    crossed = {
        f"{pair}, {part}": step
        for part in PARTS
        for pair, one in trained.items()
        if (step := one["crossing"][part]) is not None
    }
    gained = {
        f"{pair}, {part}": (found["difference"], found["interval"])
        for part in PARTS
        for pair, one in compared.items()
        for found in [one["differences"][f"RSUM {part}"]]
    }
    drawn = {"differences": intervals_png(gained, x="RSUM with MixGen, less that without")}
    if trained:
        curves = panels_png(panels, x="steps", y="RSUM", marks=crossed, columns=len(trained))
        drawn = {"curves": curves, **drawn}
    for name, content in drawn.items():
        with new_file(folder / f"{name}.png") as partial:
            partial.write_bytes(content)
    titles = {"curves": "with MixGen and without, as they train", "differences": "differences, with 95 % intervals"}
    write_page(results, folder, {titles[name]: content for name, content in drawn.items()})


def _pair(without: str, within: str, results: Results, shared: Path) -> dict[str, Any] | None:
    """All that is known of two arms, over the seeds that have both."""
    both = [(Piece(without, one.seed), one) for one in sorted(results.measured) if one.arm == within]
    both = [(plain, mixed) for plain, mixed in both if plain in results.measured]
    if not both:
        return None
    measured = [(results.measured[plain], results.measured[mixed]) for plain, mixed in both]
    metrics = [name for name in measured[0][0] if all(name in one for seed in measured for one in seed)]
    # Pieces that were taken from other evidence have no curves.
    there = [pair for pair in both if all(curve_file(shared, piece).exists() for piece in pair)]
    curves = [(_curve(shared, plain), _curve(shared, mixed)) for plain, mixed in there]
    means = {
        arm: {name: np.mean([seed[place][name] for seed in curves], axis=0).tolist() for name in curves[0][place]}
        for place, arm in enumerate(("plain", "mixgen") if curves else ())
    }
    return {
        "seeds": [mixed.seed for _, mixed in both],
        "differences": {name: interval([mixed[name] - plain[name] for plain, mixed in measured]) for name in metrics},
        "crossing": {part: crossing(means["plain"], means["mixgen"], part) for part in PARTS} if means else {},
        "curves": means,
        "curves of seeds": [mixed.seed for _, mixed in there],
    }


def crossing(plain: Curve, mixed: Curve, part: str) -> float | None:
    """The first step from which the curve with MixGen stays above the other, to the end.

    Returns:
        The step; the first one if it is above all along, None if it is not above at the end.
    """
    above = np.array(mixed[part]) > np.array(plain[part])
    if not above[-1]:
        return None
    below = np.flatnonzero(~above)
    return float(mixed["step"][below[-1] + 1 if len(below) else 0])


def _curve(shared: Path, piece: Piece) -> dict[str, list[float]]:
    curve: dict[str, list[float]] = json.loads(curve_file(shared, piece).read_text(encoding="utf-8"))
    return curve


def _lines(curves: Mapping[str, Curve], part: str) -> dict[str, tuple[Sequence[float], Sequence[float]]]:
    return {arm: (curve["step"], curve[part]) for arm, curve in curves.items()}
