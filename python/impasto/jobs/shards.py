"""Tar shards as webdataset's ShardWriter makes them, with nothing in them that depends on when or by whom."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


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
            path = self._folder / f"{self._prefix}-{self.count:05d}.tar"
            self._tar = open_shard(path)
            self.count += 1
        add_sample(self._tar, key, members)
        self._written += 1

    def close(self) -> None:
        """Completes the shard under way."""
        if self._tar is not None:
            self._tar.close()
            self._tar = None
