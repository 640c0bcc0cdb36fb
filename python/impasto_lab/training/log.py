"""Metrics of a run: one JSON object a line."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from impasto_lab.training.distributed import mean, world

#: What is logged at a step: ``step`` and numbers.
Record = dict[str, Any]


class Writer(Protocol):
    """Takes a run's records, in the first process: `MetricsLog` is one."""

    def write(self, record: Record) -> None:
        """Takes the record of a step: of its training, or of an evaluation."""
        ...


class MetricsLog:
    """Appends records to ``metrics.jsonl``; each line is complete once written.

    Args:
        path: The file; its folder must exist.
        resumed: Keep the records up to this step, of an earlier run, and drop what came after. 0 begins anew.
    """

    def __init__(self, path: Path, *, resumed: int = 0) -> None:
        self.path = path
        kept = [record for record in read_metrics(path) if record["step"] <= resumed] if resumed else []
        path.write_text("".join(json.dumps(record) + "\n" for record in kept), encoding="utf-8")

    def write(self, record: Record) -> None:
        """Appends one record."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def read_metrics(path: Path) -> list[Record]:
    """The records of a file; none if it is not there. A last line cut short by a crash is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]


class Window:
    """Sums over the batches between two records; nothing waits for the device until they are read.

    Args:
        state: Of a window that was cut off, to go on with.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self.sums: dict[str, Tensor | float] = dict(state["sums"]) if state else {}
        self.batches: int = state["batches"] if state else 0
        self.images = 0
        self.waited = 0.0
        self.began = time.perf_counter()

    def add(self, scalars: Mapping[str, Tensor], images: int, waited: float) -> None:
        """Adds a batch's scalars, its images, and the seconds that it was waited for."""
        for name, value in scalars.items():
            self.sums[name] = value.detach() + self.sums.get(name, 0.0)
        self.batches += 1
        self.images += images * world()[1]
        self.waited += waited

    def state(self) -> dict[str, Any]:
        """Its sums, as JSON has them, as their mean over the processes."""
        return {
            "sums": dict(zip(self.sums, mean([float(value) for value in self.sums.values()]), strict=True)),
            "batches": self.batches,
        }

    def means(self) -> Record:
        """The means over batches and processes, images a second over all of them, and the loader's share of the time.

        That is the part of this process's time in which it waited for a batch, in [0, 1].
        """
        means = {name: total / self.batches for name, total in self.state()["sums"].items()}
        seconds = time.perf_counter() - self.began
        rates = {"images_per_second": round(self.images / seconds, 1), "loader_share": round(self.waited / seconds, 4)}
        return {**means, **rates}
