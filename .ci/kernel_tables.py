"""The tables of kernels, from the evidence in benches/results/: who does the same work how fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loader_tables import read, table, versions

#: Of which commands there is evidence, in their order.
_VERBS = ("decode", "resize", "tokenize", "mix")


def kernels() -> str:
    """Rates by work and package, a table for each machine and command, and one more for two threads."""
    documents = [document for verb in _VERBS for document in read(f"{verb}-*.json")]
    return "\n\n".join(
        _kernels(document, threads)
        for document in documents
        for threads in sorted({row.get("threads", 1) for row in document["rows"]})
    )


def _kernels(document: dict[str, Any], threads: int) -> str:
    works: dict[str, dict[str, dict[str, Any]]] = {}
    for row in document["rows"]:
        if row.get("threads", 1) == threads:
            works.setdefault(row["work"], {})[row["name"]] = row
    names = list(dict.fromkeys(name for rows in works.values() for name in rows))
    cells = [[work, *(_cell(rows, name) for name in names)] for work, rows in works.items()]
    clock = "one core's CPU time" if threads == 1 else f"{threads} threads, each all of the work, by wall-clock time"
    rounds = document["settings"]["rounds"]
    about = (
        f"{document['machine']['cpu']}, {clock} (load average {document['load_average']}), {versions(document)}; "
        f"medians of {rounds} rounds, items a second:"
    )
    return about + "\n\n" + table(["work", *names], cells)


def _cell(rows: dict[str, dict[str, Any]], name: str) -> str:
    """A rate, ours with the slowest and the fastest, others' with how many times as fast ours is."""
    if name not in rows:
        return ""
    rate = rows[name]["rate"]
    if name == "impasto":
        return f"{rate:,.0f} ({min(rows[name]['rounds']):,.0f}-{max(rows[name]['rounds']):,.0f})"
    ours = rows.get("impasto")
    return f"{rate:,.0f}" + (f", {ours['rate'] / rate:.2f}x" if ours else "")


TABLES: dict[str, Callable[[], str]] = {"kernels": kernels}
