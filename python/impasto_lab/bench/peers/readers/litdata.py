"""LitData: chunks written by `optimize`, StreamingDataset and StreamingDataLoader, as its README has them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import litdata
import torch

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.peers.readers.images import TOLERANCE, load_image
from impasto_lab.bench.peers.viewing import Viewed
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

__all__ = ["NAME", "PACKAGES", "TITLE", "TOLERANCE", "open_loader"]

NAME = "litdata"
TITLE = "LitData + torchvision.io"
PACKAGES: tuple[str, ...] = ("litdata", "torchvision", "open_clip_torch")


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    folder = files.folder / "litdata"
    if not folder.exists():
        litdata.optimize(
            fn=partial(_row, files),
            inputs=list(range(len(files))),
            output_dir=str(folder),
            chunk_bytes="16MB",
            num_workers=1,
            verbose=False,
        )
    loader: Iterable[MixedPairs] = litdata.StreamingDataLoader(
        _Rows(str(folder), work, views),
        batch_size=work.batch_size,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=MixAndTokenize(work),
    )
    return loader


def _row(files: Files, number: int) -> dict[str, Any]:
    ((_, image, caption),) = files.rows(range(number, number + 1))
    return {"number": number, "image": image, "caption": caption}


class _Rows(litdata.StreamingDataset):
    def __init__(self, folder: str, work: Work, views: Views | None) -> None:
        super().__init__(folder, shuffle=views is None, seed=work.seed, drop_last=False)
        self.load = Viewed(load_image, work, views)

    def __getitem__(self, place: Any) -> tuple[torch.Tensor, str]:
        row = super().__getitem__(place)
        return self.load(row["image"], row["number"]), row["caption"]
