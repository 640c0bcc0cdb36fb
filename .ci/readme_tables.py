#!/usr/bin/env python3
"""Writes the tables of README and its pages from benches/results/. `--check` only compares."""

from __future__ import annotations

import re
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kernel_tables
import loader_tables
import mixgen_guide
import representing_tables
import style_guide
from loader_tables import read, table, versions

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def exactness() -> str:
    """The fast path against the exact one: levels that they are apart, and PSNR."""
    (document,) = read("exactness.json")
    rows = [
        [
            f"{row['photographs']}, {row['interpolation']}",
            f"{row['mean']:.2f}",
            *(str(row[name]) for name in ("percentile_99", "most")),
            *(f"{row[name]:.1f} dB" for name in ("psnr", "psnr_worst")),
        ]
        for row in document["rows"]
    ]
    crops = f"photographs, {document['rows'][0]['crops']:,} crops"
    return table([crops, "levels apart, mean", "99 % within", "at most", "PSNR, all pixels", "worst crop"], rows)


def ops() -> str:
    """Medians of the Python benches, beside the fastest peer of each group."""
    parts = []
    for document in read("ops-*.json"):
        rows = []
        for group, medians in document["groups"].items():
            peers = ", ".join(
                f"{name} {_time(seconds)} ({seconds / medians['impasto']:.1f}x)"
                for name, seconds in medians.items()
                if name != "impasto"
            )
            rows.append([group, _time(medians["impasto"]), peers])
        about = f"{document['machine']['cpu']}, {versions(document)}:"
        parts.append(f"{about}\n\n" + table(["work", "impasto", "others"], rows))
    return "\n\n".join(parts)


def grouping() -> str:
    """What batches of alike samples save: padding of captions, pixels of images."""
    (document,) = read("grouping.json")
    text: dict[tuple[str, str], list[str]] = {}
    for row in document["text"]:
        cells = text.setdefault((row["captions"], row["by"]), [])
        cells.append(f"{row['padding']:.0%} ({row['mixed']:.0%})")
    lengths = [[f"captions as long as {name}'s, by {by}", *cells] for (name, by), cells in text.items()]
    lost = [
        "images: lost to one shape, or to the nearest of three",
        *(f"{row['lost']:.1%}" for row in document["images"]),
    ]
    headings = ["share of padding (with MixGen on a quarter)", "any batches", "`group_window=8`", "`group_window=50`"]
    return table(headings, [*lengths, lost])


def order() -> str:
    """How near windowed orders are to a global shuffle, and what they copy."""
    (document,) = read("order.json")
    rows = [
        [
            "all rows together" if row["window"] is None else f"{row['window']} shards",
            f"{row['kolmogorov']:.3f}",
            f"{row['distance']:.2f}",
            f"{row['shards_a_batch']:.0f}",
            f"{row['same_shard']:.1f}",
            f"{row['copies']:.2f}",
        ]
        for row in document["rows"]
    ]
    headings = [
        "shuffled",
        "Kolmogorov's distance",
        "mean distance",
        "shards in a batch",
        "pairs of one shard",
        "copies",
    ]
    return table(headings, rows)


def packing() -> str:
    """The loader on shards packed in every way, a table for each machine, by the quality of the files."""
    machines: dict[str, list[dict[str, Any]]] = {}
    for document in read("packing-*.json"):
        machines.setdefault(document["machine"]["cpu"], []).append(document)
    return "\n\n".join(map(_packing, machines.values()))


def _packing(documents: list[dict[str, Any]]) -> str:
    documents = sorted(documents, key=lambda document: document["settings"].get("quality", 90))
    first = documents[0]
    rows = []
    for number, way in enumerate(first["ways"]):
        loss = "" if way["psnr"] is None else f"{way['psnr']:.1f} dB (worst {way['psnr_worst']:.1f})"
        spent = f"{way['milliseconds']:.1f}" if way["milliseconds"] else ""
        each = [document["ways"][number] for document in documents]
        rates = [f"{one['images_per_second']:,.0f} ({one['ratio_to_files']:.2f}x)" for one in each]
        title = way["title"].partition(", quality")[0] if way["name"] == "files" else way["title"]
        rows.append([title, f"{way['kilobytes']:.1f}", spent, loss, *rates])
    for name, what in (("files", "files"), ("shrunk", "what short side 256 holds, as files")):
        peers = [document["peers"][name] for document in documents]
        rates = [f"{peer['images_per_second']:,.0f}" for peer in peers]
        rows.append([f"{peers[0]['title']}: {what}", "", "", "", *rates])
    headings = ["images", "kB an image", "ms to pack", "PSNR", *map(_of_files, documents)]
    ratios = ", ".join(f"{document['ratio_to_peer']:.1f}" for document in documents)
    about = (
        f"{first['machine']['cpu']}, one core, CPU time, {versions(first)}, {first['settings']['interpolation']}; on "
        f"shards at short side 256 impasto is {ratios} times as fast as torchvision.io (kB, ms and PSNR: of files of "
        f"quality {first['settings'].get('quality', 90)}):"
    )
    return about + "\n\n" + table(headings, rows)


def _of_files(document: dict[str, Any]) -> str:
    files = next(way for way in document["ways"] if way["name"] == "files")
    return f"images/s (of files: quality {document['settings'].get('quality', 90)}, {files['kilobytes']:.0f} kB)"


def style() -> str:
    """Every form of the style networks, a table for each machine."""
    return "\n\n".join(_style(document) for document in read("style-*.json") if "experiment" not in document)


def _style(document: dict[str, Any]) -> str:
    rows = {(row["size"], row["batch"], row["name"]): row for row in document["rows"]}
    titles = {row["name"]: row["title"] for row in document["rows"]}
    # The workloads that every step was timed at.
    workloads = [work for work in dict.fromkeys(key[:2] for key in rows) if (*work, "no_grad") in rows]

    def cells(name: str, size: int, batch: int) -> list[str]:
        row = rows.get((size, batch, name))
        if row is None:
            return ["", ""]
        ratio = f" ({row['ratio']:.2f}x)" if row["ratio"] else ""
        return [f"{row['milliseconds']:,.0f} ms{ratio}", f"{row['peak_megabytes']:,.0f} MB"]

    headings = [text for size, batch in workloads for text in (f"{batch} of {size}x{size}", "memory")]
    lines = [[title, *(cell for work in workloads for cell in cells(name, *work))] for name, title in titles.items()]
    about = f"{document['device']}{', one core' if document['settings']['device'] == 'cpu' else ''}"
    return f"{about}, {versions(document)}:\n\n" + table(["", *headings], lines)


def train_step() -> str:
    """A training step and what feeds it, a table for each machine."""
    return "\n\n".join(_train_step(document) for document in read("train-step-*.json"))


def _train_step(document: dict[str, Any]) -> str:
    settings, batch = document["settings"], 1000 * document["settings"]["batch_size"]
    pace = settings.get("pace", 0)
    step = f"a step of {pace:g} ms elsewhere, images of CLIP" if pace else "CLIP"
    about = (
        f"{document['machine']['cpu']}, one core's CPU time (load average {document['load_average']}), {step} "
        f"{settings['preset']}, a batch of {settings['batch_size']} pairs of {settings['width']}x{settings['height']} "
        f"files; medians of {settings['rounds']} rounds:"
    )
    alone = {row["name"]: row for row in document["rows"] if row["workers"] == 0}
    spent = {name: batch / statistics.median(row["rounds"]) for name, row in alone.items()}
    rows = [
        [row["title"], f"{spent[name]:,.1f} ms", f"{batch / max(row['rounds']):,.1f}-{batch / min(row['rounds']):,.1f}"]
        for name, row in alone.items()
    ]
    ours, peer = (
        f"{100 * spent[name] / (pace or spent[name] + spent['step']):.0f} %" for name in ("impasto", "pillow")
    )
    more = f": a core makes {spent['pillow + step'] / spent['impasto + step']:.1f} times as many steps"
    whole = f"{pace:g} ms" if pace else "a step's CPU time"
    waits = {name: f"{100 * share:.0f} %" for name, share in document["waiting"].items()}
    least = "" if "waits" in document else " (each in its round of least waiting: the others' shares weren't kept)"
    below = (
        f"The loader is {ours} of {whole}, Pillow's {peer}{'' if pace else more}. With one worker the step waits "
        f"{waits['impasto']} of the time, with Pillow's process {waits['pillow']}{least}."
    )
    return f"{about}\n\n{table(['a batch', 'CPU time', 'fastest-slowest'], rows)}\n\n{below}"


def feed() -> str:
    """Steps on a device and what feeds them, a table for each device and model."""
    found = [_feed(document) for document in read("feed-*.json")]
    return "\n\n".join(found) or "No GPU's figures are here yet."


def _feed(document: dict[str, Any]) -> str:
    settings, machine = document["settings"], document["machine"]
    model = f"CLIP {settings['preset']}" if settings["model"] == "clip" else settings["model"]
    about = (
        f"{document['device']} beside {machine['cpu']} (load average {document['load_average']}), torch "
        f"{document['versions']['torch']}, {model}, batches of {settings['batch_size']}; images a second by cores, and "
        "the share of the time in which the device waits:"
    )
    cores = sorted({row["cores"] for row in document["rows"]})
    cells: dict[str, dict[int, str]] = {}
    for row in document["rows"]:
        said = "" if row["utilization"] is None else f", {100 * row['utilization']:.0f} % utilised"
        cell = f"{row['images_per_second']:,.0f} ({100 * row['waiting']:.0f} %{said})"
        cells.setdefault(row["title"], {})[row["cores"]] = cell
    rows = [[title, *(by_cores.get(count, "") for count in cores)] for title, by_cores in cells.items()]
    return f"{about}\n\n" + table(["fed by", *map(str, cores)], rows)


def scale() -> str:
    """The loader against how much there is, a pair of tables for each machine."""
    return "\n\n".join(_scale(document) for document in read("scale-*.json"))


def _scale(document: dict[str, Any]) -> str:
    machine, rows = document["machine"], document["rows"]
    about = (
        f"{machine['cpu']}, {machine['cpus']} CPUs (load average {document['load_average']}), {versions(document)}, "
        f"images of 32x32 in shards, batches of {document['settings']['batch_size']} over all ranks:"
    )
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    cells = [
        [
            kind,
            ", ".join(f"{row['count']:,}: {row['samples_per_second']:,.0f}" for row in rows if row["kind"] == kind),
        ]
        for kind in kinds
    ]
    names = ("index_seconds", "open_seconds", "first_batch_seconds", "index_megabytes")
    starts = [[f"{one['samples']:,}", *(f"{one[name]:,.3g}" for name in names)] for one in document["start"]]
    headings = ["a start, CPU seconds", "first index", "kept index", "kept, to the first batch", "index, MB"]
    resume = document["resume"]
    went_on = f"A run goes on at sample {resume['at']:,} of {resume['samples']:,} within {_time(resume['seconds'])}."
    return f"{about}\n\n{table(['by', 'samples a second'], cells)}\n\n{table(headings, starts)}\n\n{went_on}"


def clean() -> str:
    """Copies that cleaning finds, by kind and limit, and what it takes."""
    (document,) = read("clean-*.json")
    settings, seconds = document["settings"], document["seconds"]
    limits = [str(distance) for distance in settings["distances"]]
    rows = [[kind, *(f"{100 * shares[limit]:.0f} %" for limit in limits)] for kind, shares in document["found"].items()]
    rows.append(
        ["of what is called a duplicate, a copy", *(f"{100 * document['right'][limit]:.1f} %" for limit in limits)]
    )
    rows.append(["pictures that are called so and are none", *(str(document["taken"][limit]) for limit in limits)])
    about = (
        f"{settings['images']:,} pictures, {100 * settings['noise']:.0f} % of them noise, and {settings['copies']} "
        "copies of each kind, each of another picture; shares that are found, by `distance`:"
    )
    noise = document["noise"]
    below = (
        f"Noise: precision {100 * noise['precision']:.1f} %, recall {100 * noise['recall']:.1f} %. On one core "
        f"({document['machine']['cpu']}, CPU time) {1 / seconds['photograph']:.0f} photographs of 640 x 480 pixels are "
        f"measured a second, or {1 / seconds['picture']:.0f} pictures of 96 x 96; all near ones among "
        f"{settings['hashes']:,} hashes are found in {seconds['hashes']:.0f} s at 7 bits, and again for mirror images."
    )
    return f"{about}\n\n{table(['copies', *limits], rows)}\n\n{below}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms" if seconds < 10e-3 else f"{seconds * 1e3:.0f} ms"


TABLES: dict[str, Callable[[], str]] = {
    **kernel_tables.TABLES,
    **loader_tables.TABLES,
    **style_guide.TABLES,
    **mixgen_guide.TABLES,
    **representing_tables.TABLES,
    "clean": clean,
    "exactness": exactness,
    "feed": feed,
    "ops": ops,
    "grouping": grouping,
    "order": order,
    "packing": packing,
    "scale": scale,
    "style": style,
    "train-step": train_step,
}


def fill(pages: dict[Path, str]) -> dict[Path, str]:
    """The pages' text with every table as the results have it; each has one place, on one of them."""
    for name, made in TABLES.items():
        block = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        places = [page for page, text in pages.items() for _ in block.finditer(text)]
        if len(places) != 1:
            raise SystemExit(f"the table {name!r} has {len(places)} places in README and docs, not one")
        text = pages[places[0]]
        pages = pages | {places[0]: block.sub(lambda found, made=made: f"{found[1]}{made()}\n{found[2]}", text)}
    return pages


if __name__ == "__main__":
    before = {page: page.read_text(encoding="utf-8") for page in PAGES}
    for page, text in fill(before).items():
        if "--check" not in sys.argv[1:]:
            page.write_text(text, encoding="utf-8")
        elif text != before[page]:
            raise SystemExit(f"{page.name}'s tables are not those of benches/results/: run .ci/readme_tables.py")
