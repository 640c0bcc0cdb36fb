"""A representation in tables, maps and neighbors: a page, its pictures, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impasto.files import new_file
from impasto.jobs import data_uri, encoded
from impasto_lab.bench.machine import describe, versions
from impasto_lab.experiments.analysis.embeddings.analysis import Analysis
from impasto_lab.experiments.analysis.embeddings.maps import KINDS, flatten
from impasto_lab.experiments.analysis.embeddings.measuring import GEOMETRY
from impasto_lab.report.page import write_page
from impasto_lab.report.plots import scatter_png

#: What a map shows of the captions, beside its groups of images.
_CAPTIONS = "captions"
#: Groups that a map has colors for.
_GROUPS = 7

#: Title, what to know, headings, rows.
Table = tuple[str, str, list[str], list[list[str]]]


def write_embeddings(found: Analysis, folder: Path, *, command: str) -> Path:
    """Writes ``embeddings.json``, ``embeddings.html`` and the maps as PNGs.

    Args:
        found: What was measured.
        folder: Where.
        command: What wrote it.

    Returns:
        The page.

    Raises:
        SourceError: If they can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packages = versions("impasto", "torch", "scikit-learn", "scipy")
    with new_file(folder / "embeddings.json") as partial:
        document = {**found.as_dict(), "machine": describe(), "versions": packages, "command": command}
        partial.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    maps = []
    for kind, title, drawn in _maps(found):
        with new_file(folder / f"embeddings-{kind}.png") as partial:
            partial.write_bytes(drawn)
        maps.append((f"Map, {kind}", title, encoded(drawn, "image/png")))
    seen = found.models[0].seen
    return write_page(
        folder / "embeddings.html",
        "embeddings.html",
        names=[one.name for one in found.models],
        images=len(seen.images),
        captions=len(seen.captions),
        data=found.data,
        machine=", ".join(f"{name} {value}" for name, value in describe().items() if isinstance(value, str | int)),
        tables=tables(found),
        maps=maps,
        neighbors=list(_neighbors(found)),
        command=command,
        versions=", ".join(f"{name} {value}" for name, value in packages.items()),
    )


def tables(found: Analysis) -> list[Table]:
    """All tables, each with a column for each model, and the difference of two (second minus first)."""
    made = [_geometry(found), _retrieval(found)]
    made += [_probes(found)] if any(one.measured.probes for one in found.models) else []
    made += [_moved(found)] if found.moved is not None else []
    return made


def _headings(found: Analysis, *first: str) -> list[str]:
    names = [one.name for one in found.models]
    return [*first, *names, *(["difference"] if len(names) > 1 else [])]


def _cells(values: Sequence[float | None], digits: int) -> list[str]:
    cells = ["" if value is None else f"{value:.{digits}f}" for value in values]
    if len(values) > 1:
        known = values[0] is not None and values[1] is not None
        cells.append(f"{(values[1] or 0) - (values[0] or 0):+.{digits}f}" if known else "")
    return cells


def _geometry(found: Analysis) -> Table:
    rows = [[name, *_cells([one.measured.geometry[name] for one in found.models], 3)] for name in GEOMETRY]
    about = "; ".join(f"{name}: {told}" for name, told in GEOMETRY.items())
    return "Geometry", f"{about}. Wang and Isola 2020, Liang et al. 2022.", _headings(found, "of the data"), rows


def _retrieval(found: Analysis) -> Table:
    rows = []
    for part, recalls in found.models[0].measured.found.items():
        for name in recalls:
            values = [one.measured.found[part][name] for one in found.models]
            chance = found.models[0].measured.chance[part][name]
            rows.append([f"{part}, {name}", f"{chance:.1f}", *_cells(values, 1)])
    about = (
        "Per cent of texts (tr) and images (ir) that are found among the first K, and the sum of all six. "
        "Each part is searched in itself; a tie is a miss."
    )
    return "Retrieval", about, _headings(found, "part", "chance"), rows


def _probes(found: Analysis) -> Table:
    rows = []
    for side in ("images", "captions"):
        for name in dict.fromkeys(name for one in found.models for name in one.measured.probes):
            probes = [one.measured.probes.get(name, {}).get(side) for one in found.models]
            known = [probe for probe in probes if probe is not None]
            if known:
                values = [None if probe is None else probe.score for probe in probes]
                rows.append([f"{name}, from {side}", f"{known[0].chance:.1f}", *_cells(values, 1)])
    about = (
        "A linear probe on embeddings, tested on images that it was not fitted to, five parts in turn: accuracy (of a "
        "logistic regression) where an image has one value, the mean area under the ROC curve (of a ridge regression, "
        "chance 50) where it shows several."
    )
    return "What a linear probe reads off", about, _headings(found, "attribute", "chance"), rows


def _moved(found: Analysis) -> Table:
    assert found.moved is not None
    shares = {"images": found.moved.images, "captions": found.moved.captions}
    rows = [
        [name, f"{100 * found.moved.chance[name]:.1f}", f"{100 * values.mean():.1f}", f"{100 * values.min():.1f}"]
        for name, values in shares.items()
    ]
    first, second = (one.name for one in found.models)
    about = f"Of the nearest of each image by {first}, the share that {second} has among its nearest too, per cent."
    return "Neighbors that stay", about, ["nearest", "chance", "mean", "least"], rows


def _maps(found: Analysis) -> Iterator[tuple[str, str, bytes]]:
    for kind, about in KINDS.items():
        panels = {}
        for model in found.models:
            images, captions = flatten(model.seen, kind)
            panels[model.name] = {**_groups(found, images), _CAPTIONS: [(float(x), float(y)) for x, y in captions]}
        drawn = scatter_png(panels, columns=len(panels), hollow=[_CAPTIONS])
        colored = f"; images are colored by {found.colored}" if found.colored else ""
        yield kind, f"{about}. One caption of each image, the first{colored}.", drawn


def _groups(found: Analysis, places: Any) -> dict[str, list[tuple[float, float]]]:
    """The places of images, by the attribute that maps are colored by, its most frequent values apart."""
    if found.colored is None or found.attributes is None:
        return {"images": [(float(x), float(y)) for x, y in places]}
    values = found.attributes.classes[found.colored]
    names, counts = np.unique(values, return_counts=True)
    apart = [str(name) for name in names[np.argsort(-counts, kind="stable")]]
    apart = apart if len(apart) < _GROUPS else apart[: _GROUPS - 2]
    groups: dict[str, list[tuple[float, float]]] = {name: [] for name in sorted(apart)}
    for value, (x, y) in zip(values, places, strict=True):
        groups.setdefault(str(value) if value in apart else "other", []).append((float(x), float(y)))
    return groups


def _neighbors(found: Analysis) -> Iterator[dict[str, Any]]:
    seen = found.models[0].seen
    for title, row in found.shown.items():
        sides = [
            {
                "name": model.name,
                "images": [data_uri(seen.pixels[at], longest=168) for at in model.neighbors.images[row]],
                "captions": [(seen.texts[at], seen.image_of[at] == row) for at in model.neighbors.captions[row]],
            }
            for model in found.models
        ]
        yield {"title": title, "image": data_uri(seen.pixels[row], longest=168), "sides": sides}
