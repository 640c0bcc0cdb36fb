"""An experiment's page: its claims, the mean of each arm, and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from impasto_lab.experiments.results import Results
from impasto_lab.experiments.verdicts import paired
from impasto_lab.report.experiment import Cells, Plot, write_experiment_page
from impasto_lab.report.pictures import encoded


def write_page(results: Results, folder: Path, drawn: Mapping[str, bytes]) -> None:
    """Writes ``report.html``.

    Args:
        results: The experiment's.
        folder: Where.
        drawn: Pictures as PNGs, by title.
    """
    experiment = results.experiment
    write_experiment_page(
        folder / "report.html",
        results.as_dict(),
        title=experiment.title,
        about=experiment.about,
        cells=means(results),
        plots=[Plot(title, encoded(content, "image/png")) for title, content in drawn.items()],
    )


def means(results: Results) -> Cells:
    """Mean and half of the 95 % interval of each metric of each arm, with what was published in brackets."""
    metrics = list(dict.fromkeys(name for found in results.measured.values() for name in found))
    rows: dict[str, Sequence[str]] = {}
    for arm in arms_of(results):
        ours = [found for piece, found in results.measured.items() if piece.arm == arm]
        rows[arm] = [
            _cell(
                [found[metric] for found in ours if metric in found], results.experiment.published.get(arm, {}), metric
            )
            for metric in metrics
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
