"""Tar shards as webdataset's ShardWriter makes them, with nothing in them that depends on when or by whom."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.files import new_file, writing
from impasto.jobs.rows import Row

#: The file where the samples that could not be used are listed.
BAD = "bad_samples.jsonl"


def shard_path(folder: Path, prefix: str, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"{prefix}-{number:05d}.tar"


def report_path(folder: Path, prefix: str, number: int) -> Path:
    """Where the report of a shard lies."""
    return folder / f"{prefix}-{number:05d}_stats.json"


def shard_pattern(folder: Path, prefix: str, count: int) -> str:
    """The pattern of all shards, for ``impasto.sources.WebDataset`` and webdataset."""
    span = f"{{00000..{count - 1:05d}}}" if count > 1 else "00000"
    return str(folder / f"{prefix}-{span}.tar")


def write_bad(folder: Path, entries: list[dict[str, Any]]) -> None:
    """Lists the samples that could not be used, if there are any.

    Raises:
        SourceError: If the list can't be written.
    """
    if entries:
        with writing("the list of bad samples", folder / BAD), new_file(folder / BAD) as partial:
            lines = (json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
            partial.write_text("".join(lines), encoding="utf-8")


def sample_members(row: Row, ending: str, content: bytes, **more: Any) -> dict[str, bytes]:
    """A sample's members, as webdataset's and img2dataset's readers look for them.

    Args:
        row: Whose captions and label come along: ``.txt`` is the first caption, ``.cls`` the label, ``.json`` has all.
        ending: The image's.
        content: The image's file.
        more: What else ``.json`` says.
    """
    members = {ending: content}
    if row.captions:
        members["txt"] = row.captions[0].encode()
    if row.label is not None:
        members["cls"] = str(row.label).encode()
    return members | {"json": json.dumps(row.record() | more, ensure_ascii=False).encode()}


def open_shard(path: Path) -> tarfile.TarFile:
    """Begins a shard; what was there is replaced."""
    return tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)


def add_sample(shard: tarfile.TarFile, key: str, members: Mapping[str, bytes]) -> None:
    """Appends one sample to a shard.

    Args:
        shard: As `open_shard` gave it.
        key: What its members' names begin with; without a dot.
        members: Contents by ending, such as ``"jpg"``.
    """
    for ending, content in members.items():
        member = tarfile.TarInfo(f"{key}.{ending}")
        member.size = len(content)  # owner, group and time stay zero
        shard.addfile(member, io.BytesIO(content))


class ShardWriter:
    """Writes samples into numbered shards: ``{prefix}-00000.tar`` and on.

    Args:
        folder: Where the shards go; it must exist.
        prefix: What their names begin with.
        samples: Samples in one shard.
    """

    def __init__(self, folder: Path, prefix: str, samples: int = 1000) -> None:
        self._folder = folder
        self._prefix = prefix
        self._samples = samples
        self._written = 0
        self._tar: tarfile.TarFile | None = None
        #: Shards begun so far.
        self.count = 0

    def write(self, key: str, members: Mapping[str, bytes]) -> None:
        """Appends one sample.

        Args:
            key: What its members' names begin with; without a dot.
            members: Contents by ending, such as ``"jpg"``.
        """
        if self._tar is None or self._written % self._samples == 0:
            self.close()
            self._tar = open_shard(shard_path(self._folder, self._prefix, self.count))
            self.count += 1
        add_sample(self._tar, key, members)
        self._written += 1

    def close(self) -> None:
        """Completes the shard under way."""
        if self._tar is not None:
            self._tar.close()
            self._tar = None
