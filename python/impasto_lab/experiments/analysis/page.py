"""Tables and plots of domain shift: a page, its pictures, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from impasto.files import new_file
from impasto.jobs import encoded
from impasto_lab.bench.machine import describe, versions
from impasto_lab.experiments.analysis.shift import Shift
from impasto_lab.report.page import write_page
from impasto_lab.report.plots import curves_png
from impasto_lab.worlds import CORRUPTIONS, SEVERITIES

#: Columns, accuracy under shift first.
COLUMNS = (
    ("target", "accuracy on the target, per cent"),
    ("source", "on the source"),
    ("train", "on training images"),
    ("shift", "source minus target"),
    ("overfit", "training minus source"),
    ("corrupted", "mean over 15 corruptions of 5 severities"),
    ("mCE", "corruption error, of the baseline's in per cent"),
    ("A-distance", "of source and target, 0 to 2"),
    ("MMD", "of source and target"),
    ("shape bias", "per cent; it only describes"),
)


def write_shift(shifts: Sequence[Shift], folder: Path) -> Path:
    """Writes ``shift.json``, ``shift.html`` and its pictures.

    Args:
        shifts: Of one experiment's networks.
        folder: Where.

    Returns:
        The page.

    Raises:
        SourceError: If they can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "networks": [one.as_dict() for one in shifts],
        "means": [dict(zip(("task", "arm", "seeds", *_names(shifts)), row, strict=True)) for row in table(shifts)],
        "machine": describe(),
        "versions": versions("impasto", "torch", "torchvision", "scikit-learn", "scipy"),
    }
    with new_file(folder / "shift.json") as partial:
        partial.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    pictures = dict(_plots(shifts))
    for title, content in pictures.items():
        (folder / f"shift-{'-'.join(title.replace('->', '-').replace(',', '').split())}.png").write_bytes(content)
    columns = [(name, about) for name, about in COLUMNS if name in _names(shifts)]
    return write_page(
        folder / "shift.html",
        "shift.html",
        columns=columns,
        rows=table(shifts),
        corruptions=[[name, *row] for name, row in _by_corruption(shifts)],
        arms=_groups(shifts),
        plots=[(title, encoded(content, "image/png")) for title, content in pictures.items()],
        machine=", ".join(f"{name} {value}" for name, value in describe().items() if isinstance(value, str | int)),
    )


def table(shifts: Sequence[Shift]) -> list[list[str]]:
    """Means over seeds: task, arm, seeds, and what of `COLUMNS` was measured, in that order."""
    rows = []
    for task, arm in _groups(shifts):
        own = [one for one in shifts if (one.training.task, one.training.arm) == (task, arm)]
        cells = []
        for name in _names(shifts):
            values = [one.scores[name] for one in own if name in one.scores]
            digits = 3 if name == "MMD" else 2 if name == "A-distance" else 1
            cells.append(f"{np.mean(values):.{digits}f}" if values else "")
        rows.append([task, arm, str(len(own)), *cells])
    return rows


def _names(shifts: Sequence[Shift]) -> list[str]:
    return [name for name, _ in COLUMNS if any(name in one.scores for one in shifts)]


def _groups(shifts: Sequence[Shift]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((one.training.task, one.training.arm) for one in shifts))


def _by_corruption(shifts: Sequence[Shift]) -> Iterator[tuple[str, list[str]]]:
    """Of each corruption, the mean over severities and seeds of each arm."""
    for name in CORRUPTIONS if any(one.corrupted for one in shifts) else ():
        cells = []
        for group in _groups(shifts):
            own = [one.corrupted[name] for one in shifts if (one.training.task, one.training.arm) == group]
            cells.append(f"{np.mean(own):.1f}")
        yield name, cells


def _plots(shifts: Sequence[Shift]) -> Iterator[tuple[str, bytes]]:
    for task in dict.fromkeys(one.training.task for one in shifts):
        of = [one for one in shifts if one.training.task == task]
        arms = list(dict.fromkeys(one.training.arm for one in of))
        own = {arm: [one for one in of if one.training.arm == arm] for arm in arms}
        said = f", {task}" if task else ""
        if of[0].corrupted:
            lines = {
                arm: (
                    SEVERITIES,
                    np.mean([list(one.corrupted.values()) for one in some], axis=(0, 1)).tolist(),
                )
                for arm, some in own.items()
            }
            drawn = curves_png(lines, x="severity", y="accuracy, per cent", size=(7.2, 3.4))
            yield f"accuracy under corruption{said}", drawn
        for name in ("target", "source", "train"):
            curves = {arm: line for arm, some in own.items() if (line := _mean_course(some, name)) is not None}
            if curves:
                yield f"course, {name}{said}", curves_png(curves, x="step", y="accuracy, per cent", size=(7.2, 3.4))
        gaps = {
            arm: (train[0], [one - other for one, other in zip(train[1], source[1], strict=True)])
            for arm, some in own.items()
            if (train := _mean_course(some, "train")) is not None
            and (source := _mean_course(some, "source" if "source" in some[0].course else "target")) is not None
            and train[0] == source[0]
        }
        if gaps:
            drawn = curves_png(gaps, x="step", y="training minus test, per cent", size=(7.2, 3.4), floor=None)
            yield f"train and test gap{said}", drawn


def _mean_course(shifts: Sequence[Shift], name: str) -> tuple[list[float], list[float]] | None:
    runs = [dict(zip(*one.course[name], strict=True)) for one in shifts if name in one.course]
    steps = sorted(set.intersection(*map(set, runs))) if runs else []
    return (steps, [float(np.mean([run[step] for run in runs])) for step in steps]) if steps else None
