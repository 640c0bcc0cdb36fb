"""WebDataset: tar shards, with img2dataset's record of each sample."""

from __future__ import annotations

import hashlib
from pathlib import Path

from impasto.jobs import ShardWriter
from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import dump


class WebDatasetWriter:
    """Writes ``shards/{split}-00000.tar`` and on: members ``.jpg``, ``.txt`` (the first caption) and ``.json``.

    Args:
        root: The world's folder.
        name: The world's name.
        samples: Samples in one shard.
    """

    def __init__(self, root: Path, name: str, samples: int = 1000) -> None:
        del name
        (root / "shards").mkdir()
        self._shards = {split: ShardWriter(root / "shards", split, samples) for split in SPLITS}

    @property
    def counts(self) -> dict[str, int]:
        """Shards of each split."""
        return {split: shard.count for split, shard in self._shards.items()}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Writes a sample."""
        del file
        key = f"{number:012d}"
        record = {
            "key": key,
            "caption": sample.captions[0],
            "captions": list(sample.captions),
            "width": sample.width,
            "height": sample.height,
            "sha256": hashlib.sha256(sample.image).hexdigest(),
            "status": "success",
            **({"facts": dict(sample.facts)} if sample.facts else {}),
        }
        members = {"jpg": sample.image, "txt": sample.captions[0].encode(), "json": dump(record).encode()}
        self._shards[sample.split].write(key, members)

    def close(self) -> None:
        """Ends the shards."""
        for shard in self._shards.values():
            shard.close()
