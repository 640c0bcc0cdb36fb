"""What a run was begun with, kept in its folder, so that nothing else goes on with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from impasto.errors import CheckpointError
from impasto.files import new_file, writing

#: The file in a run's folder.
NAME = "run.json"
#: Settings that may change on the way: they decide when something is told or how it is computed, not what.
FREE = ("log_every", "evaluate_every", "save_every", "recompute", "compile", "shard")


def keep_begun(folder: Path, begun: Mapping[str, Any]) -> None:
    """Writes what a run is begun with.

    Raises:
        SourceError: If the folder can't be made or written into.
    """
    with writing("the run", folder):
        folder.mkdir(parents=True, exist_ok=True)
    with writing("what the run is begun with", folder / NAME), new_file(folder / NAME) as file:
        file.write_text(json.dumps(begun, indent=2) + "\n", encoding="utf-8")


def require_begun(folder: Path, begun: Mapping[str, Any]) -> None:
    """Requires that a run was begun with the same.

    Raises:
        CheckpointError: If it wasn't; the message names what differs.
    """
    path = folder / NAME
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"what the run was begun with can't be read: {error}", path=str(path)) from error
    now = json.loads(json.dumps(begun))
    processes = before.get("processes"), now["processes"]
    if processes[0] != processes[1]:
        reason = f"the run was begun by {processes[0]} processes and would be resumed by {processes[1]}"
        raise CheckpointError(f"{reason}, which see other samples; start {processes[0]}", path=str(path))
    old, new = dict(_flat(before)), dict(_flat(now))
    differ = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    if differ:
        told = ", ".join(f"{name} was {old.get(name)!r} and is {new.get(name)!r}" for name in differ[:8])
        raise CheckpointError(
            f"the run was begun otherwise: {told}; say the same, or begin in another folder", path=str(path)
        )


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value
