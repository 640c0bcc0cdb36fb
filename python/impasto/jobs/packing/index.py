"""The file that lists a folder's shards, with what is to be found in each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from impasto.checks import is_count
from impasto.errors import SourceError
from impasto.files import new_file, writing

#: Its name. Its form is that of webdataset's ``wids``, with SHA-256 besides.
INDEX = "index.json"
#: Checksums that an index may have, the surest first: what they are called there, and by whom they are computed.
SUMS = {"sha256": "sha256", "md5sum": "md5"}


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
        samples: How many it is to hold, where that is known.
        bytes: Its size, likewise.
        sum: A checksum: by which of `SUMS`, and the digits.
    """

    path: Path
    samples: int | None = None
    bytes: int | None = None
    sum: tuple[str, str] | None = None


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
    with writing("the index", path), new_file(path, durable=True) as partial:
        partial.write_text(json.dumps({"wids_version": 1, "shardlist": listed}, indent=1) + "\n", encoding="utf-8")
    return path


def read_index(path: Path) -> list[Listed]:
    """Reads an index, ours or one of ``wids``, in which sizes and checksums (MD5) may be missing.

    Shards lie where their names say, seen from the index's folder; of a URL a copy is looked for in that folder.

    Raises:
        SourceError: If it can't be read, or is none.
    """
    try:
        return [_listed(path.parent, shard) for shard in json.loads(path.read_text(encoding="utf-8"))["shardlist"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        remedy = "run `impasto pack` again, which writes it anew from the shards' reports, or name the shards"
        raise SourceError(f"the index can't be used: {error!r}; {remedy}", path=str(path)) from error


def _listed(folder: Path, shard: Any) -> Listed:
    counts = [shard["nsamples"], *([shard["filesize"]] if "filesize" in shard else [])]
    known = next((name for name in SUMS if name in shard), None)
    if not all(is_count(count) and count >= 0 for count in counts) or (known and not isinstance(shard[known], str)):
        raise ValueError(f"{shard} has no counts, or a checksum that is no text")
    return Listed(
        _place(folder, shard["url"]),
        shard["nsamples"],
        shard.get("filesize"),
        (SUMS[known], shard[known].lower()) if known else None,
    )


def _place(folder: Path, url: str) -> Path:
    if "://" not in url:
        return folder / url
    parts = urlsplit(url)
    path = unquote(parts.path)
    return Path(path) if parts.scheme == "file" else folder / PurePosixPath(path).name
