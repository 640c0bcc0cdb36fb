"""The tables of whole loaders, from the evidence in benches/results/; and what all tables of benches share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "benches" / "results"


def read(pattern: str) -> list[dict[str, Any]]:
    """The documents of the results with such a name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob(pattern))]


def table(headings: list[str], rows: list[list[str]]) -> str:
    """A table, all of whose columns but the first hold figures."""
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def loader() -> str:
    """Images a second by loader and workers, a table for each machine."""
    return "\n\n".join(_loader(document) for document in read("loader-*.json"))


def _loader(document: dict[str, Any]) -> str:
    headings, cells = _by_workers(document)
    titles = {row["name"]: row["title"] for row in document["rows"]}
    machine = document["machine"]
    about = (
        f"{machine['cpu']}, {machine['cpus']} CPUs, Python {machine['python']}, {versions(document)}, "
        f"{document['settings']['interpolation']} (load average before: {document['load_average']}; with workers "
        f"wall-clock time); {_medians(document)}:"
    )
    rows = [[title, *cells[name]] for name, title in titles.items()]
    return about + "\n\n" + table(["loader", *headings], rows)


def versions(document: dict[str, Any]) -> str:
    """What was timed: packages with their versions."""
    return ", ".join(f"{name} {version}" for name, version in document["versions"].items() if version)


def _medians(document: dict[str, Any]) -> str:
    """What rates are, and how far the pixels of ours are from the exact ones."""
    answers, rounds = document["answers"], document["settings"]["rounds"]
    return (
        f"medians of {rounds} rounds, with the slowest and the fastest, and behind a peer's how many times as fast "
        f"impasto is; the pixels of ours are {answers['fast_psnr_mean']:.1f} dB (PSNR; at worst "
        f"{answers['fast_psnr_worst']:.1f}) from those of `exact=True`"
    )


def _by_workers(document: dict[str, Any]) -> tuple[list[str], dict[str, list[str]]]:
    """Headings and, by loader, the cells of its rates and ratios, a column for each number of workers."""
    counts = document["settings"]["workers"]
    rates = {(row["name"], row["workers"]): row["images_per_second"] for row in document["rows"]}
    rounds = {(row["name"], row["workers"]): row["rounds"] for row in document["rows"]}

    def cell(name: str, workers: int) -> str:
        if (name, workers) not in rates:
            return ""
        ratio = document["ratios"].get(name, {}).get(str(workers))
        slowest, fastest = min(rounds[name, workers]), max(rounds[name, workers])
        rate = f"{rates[name, workers]:,.0f} ({slowest:,.0f}-{fastest:,.0f})"
        return f"{rate}, {ratio:.1f}x" if ratio else rate

    headings = ["on one core" if count == 0 else f"{count} worker{'s' if count > 1 else ''}" for count in counts]
    return headings, {name: [cell(name, count) for count in counts] for name, _ in rates}


def peers() -> str:
    """Every peer by workers, how far its pixels are from ours, and who is absent; a table for each machine."""
    return "\n\n".join(_peers(document) for document in read("peers-*.json"))


def _peers(document: dict[str, Any]) -> str:
    settings, machine, apart = document["settings"], document["machine"], document["answers"]["apart"]
    clocks = ["one core's CPU time"] * (0 in settings["workers"]) + ["with workers wall-clock time"] * any(
        settings["workers"]
    )
    about = (
        f"{machine['cpu']}, {'; '.join(clocks)} (load average {document['load_average']}), "
        f"Python {machine['python']}, torch {document['versions']['torch']}, {settings['interpolation']}, "
        f"{settings['images']} files of {_size(settings)} in batches of "
        f"{settings['batch_size']}; {_medians(document)}:"
    )
    headings, rates = _by_workers(document)
    first = {row["name"]: row for row in reversed(document["rows"])}
    rows = []
    for name, row in sorted(first.items(), key=lambda item: -item[1]["images_per_second"]):
        distance = apart.get(name)
        rows.append([row["title"], row["version"], *rates[name], "" if distance is None else f"{distance[1]:.2f}"])
    absent = "; ".join(f"{name} ({reason})" for name, reason in document["absent"].items())
    lines = table(["loader", "version", *headings, "levels apart, on average"], rows)
    return f"{about}\n\n{lines}" + (f"\n\nAbsent: {absent}." if absent else "")


def _size(settings: dict[str, Any]) -> str:
    """Of all files of a comparison; the first that were kept have it in two numbers."""
    return ", ".join(settings.get("sizes", [])) or f"{settings['width']}x{settings['height']}"


def stored() -> str:
    """The loader by how files are stored, beside two peers, a table for each machine."""
    found = [_stored(document) for document in read("stored-*.json")]
    return "\n\n".join(found) or "No figures of them are here yet."


def _stored(document: dict[str, Any]) -> str:
    settings, kilobytes = document["settings"], document["settings"]["kilobytes_per_image"]
    fewest = min(settings["workers"])
    rows = {(row["name"], row["files"]): row for row in document["rows"] if row["workers"] == fewest}
    titles = {name: row["title"] for (name, _), row in rows.items() if not name.startswith("impasto")}
    cells = []
    for how, size in kilobytes.items():
        our = rows["impasto", how]
        cell = f"{our['images_per_second']:,.0f} ({min(our['rounds']):,.0f}-{max(our['rounds']):,.0f})"
        ratios = [our["images_per_second"] / rows[name, how]["images_per_second"] for name in titles]
        cells.append([how, f"{size:,.1f}", cell, *(f"{ratio:.2f}x" for ratio in ratios)])
    about = (
        f"{document['machine']['cpu']}, one core's CPU time (load average {document['load_average']}), "
        f"{versions(document)}, {settings['interpolation']}, {settings['images']} files a way in batches of "
        f"{settings['batch_size']}; {_medians(document)}:"
    )
    headings = ["files", "kB an image", "impasto, images/s", *(f"over {title}" for title in titles.values())]
    return about + "\n\n" + table(headings, cells)


def glance() -> str:
    """The first of the loader's tables."""
    return _loader(read("loader-*-bilinear.json")[0])


TABLES: dict[str, Callable[[], str]] = {"glance": glance, "loader": loader, "peers": peers, "stored": stored}
