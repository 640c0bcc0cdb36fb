"""The tables of docs/representation.md and docs/tasks.md, from the evidence in benches/results/."""

from __future__ import annotations

import json
from collections.abc import Callable

import style_guide
from style_guide import NOT_RUN, evidence, remedy, table

#: Both arms of a model, without MixGen and with it.
PAIR = ("plain-{}", "mixgen-{}")
#: Distances and the like, which need three digits.
GEOMETRY = ("modality gap", "alignment", "uniformity of images", "uniformity of captions")
#: What the table has besides: sums of recalls, scores of probes, shares of images that are named.
SCORES = (
    *(f"RSUM {part}" for part in ("seen", "unseen")),
    *(f"{name} read off {side}" for name in ("shape", "color", "texture", "size") for side in ("images", "captions")),
    *(f"{name} named, {part}" for name in ("shape", "color") for part in ("seen", "unseen")),
)
TOLD = tuple(f"{name}, {part}" for name in ("CIDEr-D", "BLEU-4", "words") for part in ("seen", "unseen"))


def representation() -> str:
    """What CLIP's embeddings are like."""
    return _pair("representation", "clip", dict.fromkeys(GEOMETRY, 3) | dict.fromkeys(SCORES, 1))


def captioning() -> str:
    """What ALBEF tells."""
    return _pair("captioning", "albef", dict.fromkeys(TOLD, 1))


def _pair(name: str, model: str, metrics: dict[str, int]) -> str:
    """A row for each metric, with so many digits: without, with, and the difference of paired seeds."""
    found = evidence(name)
    if found is None:
        return f"{NOT_RUN}; {remedy(name)}."
    plain, mixed = (arm.format(model) for arm in PAIR)
    rows, pairs = [], 0
    for metric, digits in metrics.items():
        means, one = [found.mean(arm, metric) for arm in (plain, mixed)], found.compare(mixed, plain, metric)
        if one is not None:
            pairs = max(pairs, one.pairs)
            apart = f"{one.mean:+.{digits}f}"
            apart += "" if one.pairs < 2 else f" ({one.low:+.{digits}f} to {one.high:+.{digits}f})"
            rows.append([metric, *(f"{mean:.{digits}f}" for mean in means), apart])
    told = "one pair, which decides nothing" if pairs == 1 else f"{pairs} pairs"
    size = found.document["size"]
    return f"{table(['', 'without', 'with MixGen', 'difference'], rows)}\n\n{size.capitalize()}, {told}; {found.path}."


def prefilter() -> str:
    """What a prefilter saves a trained ViLT, and what it costs in recall; a table for each machine."""
    parts = []
    for path in sorted(style_guide.RESULTS.glob("retrieval-*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        searched = document.get("prefiltered", [])
        if not searched:
            continue
        (every,) = (one for one in searched if one["by"] is None)
        rows = []
        for one in searched:
            alone = one["by"] is not None and one["k"] is None
            of = f" of `{one['by']}`" if one["by"] else ""
            what = f"towers{of} alone" if alone else f"ViLT, {one['k']} candidates{of}" if of else "ViLT, all pairs"
            rows.append([what, f"{one['rsum']:.1f}", f"{one['rsum'] - every['rsum']:+.1f}", f"{one['seconds']:.1f} s"])
        count, cpu = document["settings"]["compared"], document["machine"]["cpu"]
        about = f"{cpu}, one core, {count} images with their captions; `benches/results/{path.name}`."
        parts.append(f"{table(['search', 'RSUM', 'less all pairs', 'CPU time'], rows)}\n\n{about}")
    return "\n\n".join(parts) or f"{NOT_RUN}; `impasto bench retrieval --vilt` would say."


TABLES: dict[str, Callable[[], str]] = {
    "representation": representation,
    "captioning": captioning,
    "prefilter": prefilter,
}
