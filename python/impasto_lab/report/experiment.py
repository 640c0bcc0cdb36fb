"""An experiment's page: its claims, its means with intervals, its curves and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto_lab.report.page import write_page


@dataclass(frozen=True)
class Plot:
    """A picture on the page.

    Attributes:
        title: What it shows.
        image: A data URI.
    """

    title: str
    image: str


@dataclass(frozen=True)
class Cells:
    """A table.

    Attributes:
        metrics: Its columns.
        rows: What stands in them, by arm.
    """

    metrics: Sequence[str]
    rows: Mapping[str, Sequence[str]]


def write_experiment_page(
    path: Path, evidence: Mapping[str, Any], *, title: str, about: str, cells: Cells, plots: Sequence[Plot]
) -> Path:
    """Writes the page of an experiment.

    Args:
        path: The HTML file.
        evidence: As ``results.json`` has it.
        title: One line.
        about: A paragraph.
        cells: The table of means.
        plots: What is shown below.

    Raises:
        SourceError: If the file can't be written.
    """
    arms = {row["arm"] for row in evidence["measured"]}
    machine = evidence["machine"]
    return write_page(
        path,
        "experiment.html",
        title=title,
        about=about,
        size=evidence["size"],
        seeds=len(evidence["measured"]) // max(len(arms), 1),
        machine=", ".join(f"{name} {value}" for name, value in machine.items() if isinstance(value, str | int)),
        claims=[_claim(verdict) for verdict in evidence["verdicts"]],
        metrics=cells.metrics,
        rows=[{"arm": arm, "cells": found} for arm, found in cells.rows.items()],
        plots=plots,
        command=evidence["command"],
        versions=", ".join(f"{name} {value}" for name, value in evidence["versions"].items()),
        source=evidence["source"],
    )


def _claim(verdict: Mapping[str, Any]) -> dict[str, str]:
    interval, detectable = verdict["interval"], verdict["detectable"]
    known = detectable is not None and math.isfinite(detectable)
    return {
        "claim": verdict["claim"],
        "word": verdict["word"],
        "difference": f"{verdict['difference']:+.1f}",
        "interval": "unknown" if interval is None else f"{interval[0]:+.1f} to {interval[1]:+.1f}",
        "seeds": str(verdict["seeds"]),
        "detectable": f"{detectable:.1f}" if known else "unknown",
    }
