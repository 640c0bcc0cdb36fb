"""Keeps what README shows of a run in benches/results/ops-CPU.json: `python benches/python/keep.py RUN.json [ops]`.

RUN.json is what `pytest benches/python --benchmark-json RUN.json` writes.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from impasto_lab.bench.machine import describe, slug, versions

#: Who else does what a bench times; copies are what memory alone allows.
RIVALS = {"pillow", "torchvision", "torch", "open_clip", "tokenizers", "copy", "clone"}
PACKAGES = ("impasto", "torch", "torchvision", "pillow", "open_clip_torch", "tokenizers", "numpy")


def groups(run: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Medians in seconds, by group and rival; groups without us or without anybody else are left out."""
    kept: dict[str, dict[str, float]] = {}
    for bench in run["benchmarks"]:
        named = re.search(r"\[([^\]-]*)", bench["name"])
        name = named[1] if named else bench["name"].removeprefix("bench_")
        kept.setdefault(bench["group"], {})[name] = round(bench["stats"]["median"], 7)
    return {group: medians for group, medians in kept.items() if "impasto" in medians and RIVALS & medians.keys()}


if __name__ == "__main__":
    source = Path(sys.argv[1])
    name = sys.argv[2] if len(sys.argv) > 2 else "ops"
    target = Path(__file__).parents[1] / "results" / f"{name}-{slug()}.json"
    document = {
        "groups": groups(json.loads(source.read_text(encoding="utf-8"))),
        "machine": describe(),
        "versions": versions(*PACKAGES),
        "command": f"pytest benches/python --benchmark-json {source.name}; "
        f"python benches/python/keep.py {source.name} {name}",
    }
    target.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
