"""Hugging Face datasets: Arrow files, bytes left undecoded, a batched transform under a stock DataLoader.

`with_transform` on whole batches (a DataLoader asks a Dataset for them by ``__getitems__``) and a decoder of one's own
are what its documents' page on PyTorch names for speed; its Image feature would decode by Pillow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import datasets
from torch.utils.data import DataLoader

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.peers.readers.images import TOLERANCE, load_image
from impasto_lab.bench.peers.viewing import Viewed
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

__all__ = ["NAME", "PACKAGES", "TITLE", "TOLERANCE", "open_loader"]

NAME = "datasets"
TITLE = "Hugging Face datasets + torchvision.io"
PACKAGES: tuple[str, ...] = ("datasets", "torchvision", "open_clip_torch")


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    folder = files.folder / "datasets"
    if not folder.exists():
        numbers, images, captions = zip(*files.rows(), strict=True)
        columns = {"number": list(numbers), "image": list(images), "caption": list(captions)}
        datasets.Dataset.from_dict(columns).save_to_disk(str(folder))
    rows = datasets.load_from_disk(str(folder)).with_transform(_Transform(Viewed(load_image, work, views)))
    loader: Iterable[MixedPairs] = DataLoader(
        rows,
        batch_size=work.batch_size,
        shuffle=views is None,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=_Collate(work),
    )
    return loader


class _Transform:
    """From columns of bytes to columns of images and captions."""

    def __init__(self, load: Viewed) -> None:
        self.load = load

    def __call__(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        images = list(map(self.load, columns["image"], columns["number"]))
        return {"image": images, "caption": columns["caption"]}


class _Collate(MixAndTokenize):
    def __call__(self, rows: Any) -> MixedPairs:
        """Makes a batch."""
        return super().__call__([(row["image"], row["caption"]) for row in rows])
