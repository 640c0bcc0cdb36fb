"""An experiment's page: its claims, the mean of each arm, and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto.files import new_file
from impasto.jobs import encoded
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.verdicts import paired
from impasto_lab.report.experiment import Cells, Plot, write_experiment_page
from impasto_lab.report.plots import intervals_png


def write_page(results: Results, folder: Path, drawn: Mapping[str, bytes]) -> None:
    """Writes ``report.html``.

    Args:
        results: The experiment's.
        folder: Where.
        drawn: Pictures as PNGs, by title.
    """
    experiment, evidence = results.experiment, results.as_dict()
    write_experiment_page(
        folder / "report.html",
        evidence,
        title=experiment.title,
        about=experiment.about,
        cells=means(evidence),
        plots=[Plot(title, encoded(content, "image/png")) for title, content in drawn.items()],
    )


def write_differences(results: Results, folder: Path) -> None:
    """Writes ``report.html`` with the differences of all claims drawn, and ``differences.png``.

    Args:
        results: The experiment's.
        folder: Where.
    """
    drawn = differences_png(results)
    if drawn is None:
        write_page(results, folder, {})
        return
    with new_file(folder / "differences.png") as partial:
        partial.write_bytes(drawn)
    write_page(results, folder, {"differences, with 95 % intervals": drawn})


def differences_png(results: Results) -> bytes | None:
    """The differences of all claims with their intervals, as a PNG; None where nothing is judged."""
    rows = {one.claim: (one.difference, one.interval if one.seeds > 1 else None) for one in results.verdicts}
    return intervals_png(rows, x="better less worse, as claimed") if rows else None


def means(evidence: Mapping[str, Any]) -> Cells:
    """Mean and half of the 95 % interval of each metric of each arm, with what was published in brackets.

    Args:
        evidence: As ``results.json`` has it.
    """
    measured = evidence["measured"]
    metrics = list(dict.fromkeys(name for found in measured for name in found if name not in ("arm", "seed")))
    done = list(dict.fromkeys(found["arm"] for found in measured))
    rows: dict[str, Sequence[str]] = {}
    # Evidence of earlier versions has no order of its own.
    for arm in [arm for arm in evidence.get("arms", done) if arm in done]:
        ours = [found for found in measured if found["arm"] == arm]
        published = evidence["published"].get(arm, {})
        rows[arm] = [
            _cell([found[metric] for found in ours if metric in found], published, metric) for metric in metrics
        ]
    return Cells(metrics, rows)


def _cell(values: Sequence[float], published: Mapping[str, float], metric: str) -> str:
    told = f" ({published[metric]:g})" if metric in published else ""
    if not values:
        return told.strip()
    mean, (low, high), _ = paired(values)
    return f"{mean:.1f}" + ("" if len(values) < 2 else f" ± {(high - low) / 2:.1f}") + told


def arms_of(results: Results) -> list[str]:
    """The arms that were measured, in the experiment's order."""
    done = {piece.arm for piece in results.measured}
    return [arm for arm in results.experiment.every_arm if arm in done]
