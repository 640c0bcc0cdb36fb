"""An experiment's page: its claims, its means with intervals, its curves and tables."""

from __future__ import annotations

import math
from collections import Counter
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
    run = run_of(evidence, cells=cells, plots=plots)
    return write_page(path, "experiment.html", title=title, about=about, run=run)


def run_of(evidence: Mapping[str, Any], *, cells: Cells, plots: Sequence[Plot]) -> dict[str, Any]:
    """What ``run.html`` shows of a run; arguments are those of `write_experiment_page`."""
    seeds = Counter(row["arm"] for row in evidence["measured"]).values()
    least, most = min(seeds, default=0), max(seeds, default=0)
    machine = evidence["machine"]
    return {
        "size": evidence["size"],
        "seeds": str(most) if least == most else f"{least} to {most}",
        "machine": ", ".join(f"{name} {value}" for name, value in machine.items() if isinstance(value, str | int)),
        "claims": [_claim(verdict) for verdict in evidence["verdicts"]],
        "metrics": cells.metrics,
        "rows": [{"arm": arm, "cells": found} for arm, found in cells.rows.items()],
        "published": published_of(evidence),
        "plots": plots,
        "command": "; ".join([*reversed(evidence.get("before", [])), evidence["command"]]),
        "versions": ", ".join(f"{name} {value}" for name, value in evidence["versions"].items()),
        "source": evidence["source"],
    }


def published_of(evidence: Mapping[str, Any]) -> Cells | None:
    """The published numbers of the arms that were measured, and of what is no arm; None where there are none."""
    done, published = {row["arm"] for row in evidence["measured"]}, evidence["published"]
    others = published.keys() - set(evidence.get("arms", published))
    known = {arm: metrics for arm, metrics in published.items() if arm in done | others and metrics}
    metrics = list(dict.fromkeys(name for found in known.values() for name in found))
    rows = {arm: [f"{found[name]:g}" if name in found else "" for name in metrics] for arm, found in known.items()}
    return Cells(metrics, rows) if rows else None


def _claim(verdict: Mapping[str, Any]) -> dict[str, str]:
    interval, detectable = verdict["interval"], verdict["detectable"]
    known = detectable is not None and math.isfinite(detectable)
    means = verdict.get("means")  # evidence of earlier versions has none
    return {
        "claim": verdict["claim"],
        "word": verdict["word"],
        "published": ", ".join(f"{name} {value:+.4g}" for name, value in verdict.get("published", {}).items()),
        "means": "" if means is None else "{:.1f} → {:.1f}".format(*means),
        "difference": f"{verdict['difference']:+.1f}",
        "interval": "unknown" if interval is None else f"{interval[0]:+.1f} to {interval[1]:+.1f}",
        "seeds": str(verdict["seeds"]),
        "detectable": f"{detectable:.1f}" if known else "unknown",
    }
