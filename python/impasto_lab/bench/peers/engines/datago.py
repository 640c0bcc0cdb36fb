"""datago: its threads walk the folder and decode; cropping and what follows are Python's, since it draws no crops.

The client is its README's and benchmark_filesystem.py's, with images as they are, which is what it is fastest at; the
number of its threads is its own, whatever the workers.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from datago import DatagoClient

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.peers.viewing import Cropping, Viewed, by_torchvision
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "datago"
TITLE = "datago + transforms v2"
PACKAGES: tuple[str, ...] = ("datago", "torchvision", "open_clip_torch")
#: A JPEG decoder of its own (zune-jpeg), with other rounding and upsampling.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"mean": 2.0}, "bicubic": {"mean": 2.0}}


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    del workers
    return _Batches(files, work, views)


class _Batches:
    def __init__(self, files: Files, work: Work, views: Views | None) -> None:
        self.files, self.work = files, work
        self.load, self.replayed = Viewed(_view, work, views), views is not None
        self.numbers = {name: number for number, name in enumerate(files.names)}
        self.mix = MixAndTokenize(work)

    def __iter__(self) -> Iterator[MixedPairs]:
        rows = self._rows()
        if self.replayed:  # they come as they are ready
            rows = iter(sorted(rows))
        pairs = []
        for number, pixels in rows:
            pairs.append((self.load(pixels, number), self.files.captions[number]))
            if len(pairs) == self.work.batch_size:
                yield self.mix(pairs)
                pairs = []

    def _rows(self) -> Iterator[tuple[int, Any]]:
        configuration = {
            "source_type": "file",
            "source_config": {"root_path": str(self.files.folder), "rank": 0, "world_size": 1},
            "image_config": {"crop_and_resize": False, "pre_encode_images": False},
            "prefetch_buffer_size": 64,
            "samples_buffer_size": 64,
            "limit": len(self.files),
        }
        client = DatagoClient(json.dumps(configuration))
        client.start()
        try:
            while (sample := client.get_sample()) is not None:
                yield self.numbers[Path(json.loads(sample.id)).name], sample.image.to_numpy_array()
        finally:
            client.stop()


def _view(pixels: Any, cropping: Cropping, work: Work) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nobody writes to it
        image = torch.from_numpy(pixels).permute(2, 0, 1)[:3].expand(3, -1, -1)  # [3, H, W], of gray or with alpha too
    return by_torchvision(image, cropping(image.shape[2], image.shape[1]), work)
