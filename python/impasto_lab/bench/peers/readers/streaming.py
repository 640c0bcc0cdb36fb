"""MosaicML Streaming: MDS shards, its StreamingDataset under a stock DataLoader, as its README has it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import Any

import torch
from streaming import MDSWriter, StreamingDataset
from streaming.base.util import clean_stale_shared_memory
from torch.utils.data import DataLoader

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.peers.readers.images import TOLERANCE, load_image
from impasto_lab.bench.peers.viewing import Viewed
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

__all__ = ["NAME", "PACKAGES", "TITLE", "TOLERANCE", "open_loader"]

NAME = "mosaicml-streaming"
TITLE = "MosaicML Streaming + torchvision.io"
PACKAGES: tuple[str, ...] = ("mosaicml-streaming", "torchvision", "open_clip_torch")


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    clean_stale_shared_memory()
    return DataLoader(
        _Rows(files, work, views),
        batch_size=work.batch_size,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=MixAndTokenize(work),
    )


class _Rows(StreamingDataset):
    def __init__(self, files: Files, work: Work, views: Views | None) -> None:
        # Two of them in one process may not read one folder.
        folder = tempfile.mkdtemp(prefix="mds-", dir=files.folder)
        with MDSWriter(out=folder, columns={"number": "int", "image": "bytes", "caption": "str"}) as writer:
            for number, image, caption in files.rows():
                writer.write({"number": number, "image": image, "caption": caption})
        super().__init__(local=folder, shuffle=views is None, shuffle_seed=work.seed, batch_size=work.batch_size)
        self.load = Viewed(load_image, work, views)

    def __getitem__(self, place: Any) -> tuple[torch.Tensor, str]:
        row = super().__getitem__(place)
        return self.load(row["image"], row["number"]), row["caption"]
