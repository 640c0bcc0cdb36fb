"""The page of a classification experiment, and its plots as files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from impasto_lab.experiments.classification.restyling import Pixels
from impasto_lab.experiments.paging import arms_of, write_page
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.verdicts import paired
from impasto_lab.report.pictures import contact_png
from impasto_lab.report.plots import curves_png, levels_png, table_png
from impasto_lab.training import read_metrics

#: Classes of a table that can be read.
_READABLE = 12
#: What searches go over, and what their arms' names begin with.
_SEARCHES = {"unaugmented to restyled": "ratio-", "alpha": "alpha-"}


def write_pages(
    results: Results,
    folder: Path,
    *,
    parts: Sequence[str] = ("",),
    pictures: Mapping[str, Sequence[Pixels]] = MappingProxyType({}),
) -> None:
    """Writes ``report.html``, and its curves and tables as ``*.png``.

    Args:
        results: Of an experiment whose trainings left ``metrics.jsonl`` and ``confusion.json`` in their folders.
        folder: The experiment's.
        parts: Folders of the trainings below a piece's own.
        pictures: Images that are shown, by title.
    """
    drawn: dict[str, bytes] = {title: contact_png(images) for title, images in pictures.items()}
    arms = {arm: _folders(results, folder, arm) for arm in arms_of(results)}
    groups = _groups(list(arms))
    for part in parts:
        trained = {arm: [place / part for place in places] for arm, places in arms.items()}
        watched = _watched(trained)
        for title, group in groups.items():
            if title:
                drawn[f"accuracy by {title}"] = _by_level(results, title, group, watched)
            for metric in watched:
                lines = {arm: line for arm in group if (line := _curve(trained[arm], metric)) is not None}
                name = f"learning curves, {metric}" + (f", by {title}" if title else "")
                drawn[name] = curves_png(lines, x="epoch", y="accuracy, per cent", size=(7.2, 3.6))
        for arm, places in trained.items():
            # Of many classes a table can't be read on a page; confusion.json has it.
            if (found := _confusion(places)) is not None and len(found[0]) <= _READABLE:
                classes, counts, kind = found
                drawn[f"who is taken for whom, {kind}, {arm}"] = table_png(counts, classes, x="called", y="is")
    for name, content in drawn.items():
        (folder / f"{re.sub(r'[^a-zA-Z0-9.]+', '-', name)}.png").write_bytes(content)
    write_page(results, folder, drawn)


def _groups(arms: Sequence[str]) -> dict[str, list[str]]:
    """Arms that are drawn together, by title: all of them, or those of each search with those that are of none."""
    found = {title: [arm for arm in arms if arm.startswith(prefix)] for title, prefix in _SEARCHES.items()}
    searched = {title: group for title, group in found.items() if len(group) > 1}
    if not searched:
        return {"": list(arms)}
    rest = [arm for arm in arms if not arm.startswith(tuple(_SEARCHES.values()))]
    return {title: [*rest, *group] for title, group in searched.items()}


def _by_level(results: Results, title: str, group: Sequence[str], metrics: Sequence[str]) -> bytes:
    """Each metric over the levels of a search, and what it is in the first arm."""
    prefix = _SEARCHES[title]
    arms = [arm for arm in group if arm.startswith(prefix)]

    def figures(arm: str, metric: str) -> tuple[float, float]:
        mean, (low, high), _ = paired([of[metric] for piece, of in results.measured.items() if piece.arm == arm])
        return mean, (high - low) / 2 if np.isfinite(high) else 0.0

    first = results.experiment.arms[0]
    levels = [arm.removeprefix(prefix).replace("-", ":") for arm in arms]
    lines = {metric: [figures(arm, metric) for arm in arms] for metric in metrics}
    beside = {metric: figures(first, metric)[0] for metric in metrics} if first in group else {}
    about = f"{title} (dashed: {first})" if beside else title
    return levels_png(levels, lines, x=about, y="accuracy, per cent", beside=beside)


def _folders(results: Results, folder: Path, arm: str) -> list[Path]:
    pieces = [piece for piece in results.measured if piece.arm == arm]
    found = [folder / piece.name for piece in pieces]
    return [one for one in found if one.is_dir()]


def _watched(trained: Mapping[str, Sequence[Path]]) -> list[str]:
    """What learning curves were drawn of."""
    for places in trained.values():
        for place in places:
            for record in read_metrics(place / "metrics.jsonl"):
                if "loss" not in record:
                    return [name for name in record if name != "step"]
    return []


def _curve(places: Sequence[Path], metric: str) -> tuple[list[float], list[float]] | None:
    """Epochs, and the mean over seeds."""
    runs = []
    for place in places:
        length = json.loads((place / "training.json").read_text(encoding="utf-8"))["steps_per_epoch"]
        records = [record for record in read_metrics(place / "metrics.jsonl") if metric in record]
        runs.append({record["step"] / length: float(record[metric]) for record in records})
    epochs = sorted(set.intersection(*map(set, runs))) if runs else []
    return (epochs, [float(np.mean([run[epoch] for run in runs])) for epoch in epochs]) if epochs else None


def _confusion(places: Sequence[Path]) -> tuple[list[str], list[list[int]], str] | None:
    """Classes, counts over all seeds, and of what."""
    found = []
    for place in places:
        path = place / "confusion.json"
        if path.exists():
            found.append(json.loads(path.read_text(encoding="utf-8")))
    if not found:
        return None
    counts = np.sum([document["counts"] for document in found], axis=0)
    return found[0]["classes"], counts.tolist(), found[0]["kind"]
