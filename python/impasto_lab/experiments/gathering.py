"""One page for all runs in a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from impasto.errors import SourceError
from impasto.jobs import encoded
from impasto_lab.experiments import registry
from impasto_lab.experiments.paging import means
from impasto_lab.report import write_page
from impasto_lab.report.experiment import Plot, run_of

#: What evidence has, whichever version wrote it.
_NEEDED = ("experiment", "size", "measured", "verdicts", "published", "source", "machine", "versions", "command")


def write_runs(folder: Path, path: Path) -> list[str]:
    """Writes a page of all runs in a folder, that opens without a network.

    Evidence is any ``results.json`` in the folder or below, and any other JSON file of that kind in the folder itself.
    Pictures are the PNG files beside a ``results.json``, and those whose names begin as other evidence's.

    Args:
        folder: Where runs of `impasto reproduce` lie.
        path: The HTML file.

    Returns:
        The experiments that it has, in the registry's order.

    Raises:
        SourceError: If there is no evidence, evidence is damaged, or the page can't be written.
    """
    found, left_out = gather(folder)
    if not found:
        reason = "there is no evidence of any run (results.json); name a folder that impasto reproduce wrote into"
        raise SourceError(reason, path=str(folder))
    runs = []
    for place, evidence in found:
        try:
            runs.append(_run(place, evidence, path))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            reason = f"the evidence isn't as it was written: {error!r}; remove it, or run it again"
            raise SourceError(reason, path=str(place)) from error
    anchors = [f"run-{number}" for number in range(len(runs))]
    runs = [{**run, "anchor": anchor} for run, anchor in zip(runs, anchors, strict=True)]
    skipped = [str(one.relative_to(folder)) for one in left_out]
    write_page(path, "runs.html", title="What was run", runs=runs, left_out=skipped)
    return [run["name"] for run in runs]


def gather(folder: Path) -> tuple[list[tuple[Path, dict[str, Any]]], list[Path]]:
    """Evidence in a folder.

    Returns:
        Files with their evidence, in the registry's order, then by path; and files named ``results.json`` that are
        something else.

    Raises:
        SourceError: If the folder is missing, or a file is no JSON.
    """
    if not folder.is_dir():
        raise SourceError("there is no such folder; check the path", path=str(folder))
    found, others = [], []
    for path in sorted({*folder.rglob("results.json"), *folder.glob("*.json")}):
        evidence = _read(path)
        if evidence is not None:
            found.append((path, evidence))
        elif path.name == "results.json":
            others.append(path)
    order = {name: place for place, name in enumerate(registry.EXPERIMENTS)}
    found.sort(key=lambda one: (order.get(one[1]["experiment"], len(order)), str(one[0])))
    return found, others


def _read(path: Path) -> dict[str, Any] | None:
    """None of what is no evidence."""
    try:
        evidence = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"it can't be read: {error}; remove it, or run it again", path=str(path)) from error
    if not isinstance(evidence, dict) or not all(name in evidence for name in _NEEDED):
        return None
    return evidence if isinstance(evidence["experiment"], str) else None


def _run(path: Path, evidence: Mapping[str, Any], page: Path) -> dict[str, Any]:
    name = evidence["experiment"]
    plots = [Plot(_title(one.stem), encoded(one.read_bytes(), "image/png")) for one in _pictures(path)]
    own = path.parent / "report.html"
    _, title = registry.EXPERIMENTS.get(name, ("", evidence.get("title", "")))
    return {
        **run_of(evidence, cells=means(evidence), plots=plots),
        "name": name,
        "title": title,
        "page": _link(own, page) if path.name == "results.json" and own.exists() else None,
        "settings": json.dumps(evidence.get("settings", {}), indent=1),
    }


def _pictures(path: Path) -> Iterator[Path]:
    pattern = "*.png" if path.name == "results.json" else f"{path.stem}-*.png"
    yield from sorted(path.parent.glob(pattern))


def _title(stem: str) -> str:
    return re.sub(r"[-_]+", " ", stem)


def _link(target: Path, page: Path) -> str:
    """Where a file lies, as seen from the page."""
    try:
        return target.resolve().relative_to(page.resolve().parent).as_posix()
    except ValueError:
        return target.resolve().as_uri()
