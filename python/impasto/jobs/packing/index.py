"""The file that lists a folder's shards, with what is to be found in each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from impasto.checks import is_count
from impasto.errors import SourceError
from impasto.files import new_file

#: Its name. Its form is that of webdataset's ``wids``, with a digest besides.
INDEX = "index.json"


class WrittenShard(Protocol):
    """What is known of a shard that was written."""

    @property
    def samples(self) -> int:
        """How many it holds."""
        ...

    @property
    def bytes(self) -> int:
        """Its size."""
        ...

    @property
    def sha256(self) -> str:
        """Its digest."""
        ...


@dataclass(frozen=True)
class Listed:
    """A shard, as an index has it.

    Attributes:
        path: Where it is to lie.
        samples: How many it is to hold.
        bytes: Its size.
        sha256: Its digest.
    """

    path: Path
    samples: int
    bytes: int
    sha256: str


def write_index(folder: Path, shards: Mapping[str, WrittenShard]) -> Path:
    """Writes a folder's index.

    Args:
        folder: Where the shards lie.
        shards: What is known of each, by its name.

    Returns:
        Its path.

    Raises:
        SourceError: If it can't be written.
    """
    listed = [
        {"url": name, "nsamples": shard.samples, "filesize": shard.bytes, "sha256": shard.sha256}
        for name, shard in shards.items()
    ]
    path = folder / INDEX
    try:
        with new_file(path, durable=True) as partial:
            partial.write_text(json.dumps({"wids_version": 1, "shardlist": listed}, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SourceError(f"the index can't be written: {error}; check the folder", path=str(path)) from error
    return path


def read_index(path: Path) -> list[Listed]:
    """Reads an index.

    Raises:
        SourceError: If it can't be read, or is none.
    """
    try:
        return [_listed(path.parent, shard) for shard in json.loads(path.read_text(encoding="utf-8"))["shardlist"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        remedy = "run `impasto pack` again, which writes it anew from the shards' reports, or name the shards"
        raise SourceError(f"the index can't be used: {error!r}; {remedy}", path=str(path)) from error


def _listed(folder: Path, shard: Any) -> Listed:
    listed = Listed(folder / shard["url"], shard["nsamples"], shard["filesize"], shard["sha256"])
    if not is_count(listed.samples) or not is_count(listed.bytes) or not isinstance(listed.sha256, str):
        raise ValueError(f"{shard} has no counts and digest")
    return listed
