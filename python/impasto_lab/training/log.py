"""Metrics of a run: one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: What is logged at a step: ``step`` and numbers.
Record = dict[str, Any]


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
