"""webdataset: tar shards, shuffled by shard and in a buffer, batched in the workers, WebLoader without a batch size.

That is the pipeline of its README and of open_clip's training: batches are put together where they are decoded, so
that a batch crosses the process's border once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import webdataset

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.peers.readers.images import TOLERANCE, load_image
from impasto_lab.bench.peers.viewing import Viewed
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

__all__ = ["NAME", "PACKAGES", "TITLE", "TOLERANCE", "open_loader"]

NAME = "webdataset"
TITLE = "webdataset + torchvision.io"
PACKAGES: tuple[str, ...] = ("webdataset", "torchvision", "open_clip_torch")
_SHARDS = 8


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    shuffled = _SHARDS if views is None else False
    data = webdataset.WebDataset(_written(files), shardshuffle=shuffled)
    if views is None:
        data = data.shuffle(1000)
    data = data.map(_Row(Viewed(load_image, work, views)))
    data = data.batched(work.batch_size, collation_fn=MixAndTokenize(work), partial=False)
    loader: Iterable[MixedPairs] = webdataset.WebLoader(
        data, batch_size=None, num_workers=workers, persistent_workers=workers > 0
    )
    return loader


class _Row:
    """From a sample of a shard to image and caption."""

    def __init__(self, load: Viewed) -> None:
        self.load = load

    def __call__(self, sample: dict[str, Any]) -> tuple[torch.Tensor, str]:
        return self.load(sample["image"], int(sample["__key__"])), sample["txt"].decode()


def _written(files: Files) -> list[str]:
    folder = files.folder / "webdataset"
    paths = [str(folder / f"{shard}.tar") for shard in range(_SHARDS)]
    if not folder.exists():
        folder.mkdir()
        for shard, path in enumerate(paths):
            with webdataset.TarWriter(path) as writer:
                begin, end = (len(files) * border // _SHARDS for border in (shard, shard + 1))
                for number, image, caption in files.rows(range(begin, end)):
                    # Of any format, and taken as it is: no ending says how.
                    writer.write({"__key__": f"{number:06d}", "image": image, "txt": caption.encode()})
    return paths
