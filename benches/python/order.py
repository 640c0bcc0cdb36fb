"""How far a windowed order is from shuffling all rows together, and what it costs in copies. Writes a JSON for docs.

Rows that are neighbours in the shards come at two places of an epoch. Shuffled together, the distance of the two, as a
share of the epoch, is x or less with probability 1 - (1 - x)^2; Kolmogorov's distance is the largest by which an
order's distribution differs from that. Copies are counted by a cache that drops the least recently used shard.
"""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto.loading import BatchSampler
from impasto_lab.bench.machine import versions

SHARDS, ROWS, BATCH, ROOM, SEED = 256, 1000, 256, 32, 0
WINDOWS = (1, 4, 8, 16, 24, 64, 256)
RESULT = Path(__file__).parents[1] / "results" / "order.json"


class Shards:
    """Data of which nothing but their shards' borders is known."""

    seed = SEED

    def __len__(self) -> int:
        return SHARDS * ROWS

    def facts(self) -> Mapping[str, Any]:
        return {}

    def borders(self) -> npt.NDArray[np.int64]:
        return np.arange(0, len(self) + 1, ROWS, dtype=np.int64)


def measure(sampler: BatchSampler) -> dict[str, float]:
    """What an epoch of a sampler is like."""
    batches = [np.asarray(sampler.key(0, step)) for step in range(len(sampler))]
    order = np.concatenate(batches)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    neighbours = np.abs(np.diff(place.reshape(SHARDS, ROWS), axis=1)).reshape(-1) / len(order)
    x = np.sort(neighbours)
    together = 1 - (1 - x) ** 2
    steps = np.arange(len(x) + 1) / len(x)
    kolmogorov = max(np.abs(steps[1:] - together).max(), np.abs(steps[:-1] - together).max())
    shards = [batch // ROWS for batch in batches]
    counts = np.asarray([np.bincount(one, minlength=SHARDS) for one in shards])
    pairs = (counts * (counts - 1)).sum() / (len(batches) * BATCH * (BATCH - 1))
    return {
        "kolmogorov": float(kolmogorov),
        "distance": float(neighbours.mean() * 3),
        "shards_a_batch": float((counts > 0).sum(axis=1).mean()),
        "same_shard": float(pairs / ((ROWS - 1) / (SHARDS * ROWS - 1))),
        "copies": _copies(shards) / SHARDS,
    }


def _copies(batches: list[npt.NDArray[np.int64]]) -> int:
    """How many shards are copied in an epoch with room for so many."""
    held: OrderedDict[int, None] = OrderedDict()
    copied = 0
    for batch in batches:
        for shard in dict.fromkeys(batch.tolist()):
            copied += shard not in held
            held[shard] = None
            held.move_to_end(shard)
        while len(held) > ROOM:
            held.popitem(last=False)
    return copied


def main() -> None:
    rows = []
    for window in (*WINDOWS, None):
        order: dict[str, Any] = {"shuffle": True} if window is None else {"shuffle": "shards", "window": window}
        rows.append({"window": window, **measure(BatchSampler(Shards(), BATCH, **order))})
        print(rows[-1], file=sys.stderr)
    settings = {"shards": SHARDS, "rows": ROWS, "batch": BATCH, "room": ROOM, "seed": SEED}
    document = {"settings": settings, "rows": rows, "versions": versions("impasto", "numpy")}
    command = "python benches/python/order.py"
    RESULT.write_text(json.dumps({**document, "command": command}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
