"""SPDL: its pipeline of threads over FFmpeg, which crops, scales and mirrors; batches are converted in one go.

Demux, decode and filter in a concurrent stage, aggregate, `convert_frames` into one buffer: the stages of its
ImageNet example (examples/imagenet_classification.py), with RandomResizedCrop in the filter.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import spdl.io
import torch
from spdl.pipeline import PipelineBuilder

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.peers.viewing import Viewed
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "spdl"
TITLE = "SPDL (FFmpeg)"
PACKAGES: tuple[str, ...] = ("spdl-core", "spdl-io", "open_clip_torch")
#: FFmpeg's own decoder and scaler.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"mean": 4.0}, "bicubic": {"mean": 4.0}}
spdl.io.utils.get_ffmpeg_versions()  # where FFmpeg is missing, this peer is absent


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    return _Batches(files, work, workers, views)


class _Batches:
    def __init__(self, files: Files, work: Work, workers: int, views: Views | None) -> None:
        self.files, self.work, self.workers = files, work, workers
        self.shuffle = views is None
        self.cropping = Viewed(_unused, work, views).crop
        self.mix = MixAndTokenize(work)
        self.mean, self.std = (255 * torch.tensor(triple).view(1, 3, 1, 1) for triple in (work.mean, work.std))

    def __iter__(self) -> Iterator[MixedPairs]:
        numbers = list(range(len(self.files)))
        if self.shuffle:
            random.shuffle(numbers)
        builder = PipelineBuilder().add_source(numbers)
        builder = builder.pipe(self._frames, concurrency=max(self.workers, 1), output_order="input")
        builder = builder.aggregate(self.work.batch_size, drop_last=True).pipe(self._batch).add_sink(2)
        pipeline = builder.build(num_threads=max(self.workers, 1))
        with pipeline.auto_stop():
            yield from pipeline.get_iterator()

    def _frames(self, number: int) -> tuple[Any, int]:
        packets = spdl.io.demux_image(self.files.paths[number])
        left, top, width, height, flipped = self.cropping(number, packets.codec.width, packets.codec.height)
        size = self.work.size
        steps = [f"crop={width}:{height}:{left}:{top}:exact=1", f"scale={size}:{size}:flags={self.work.interpolation}"]
        steps += ["hflip"] if flipped else []
        return spdl.io.decode_packets(packets, filter_desc=",".join([*steps, "format=pix_fmts=rgb24"])), number

    def _batch(self, rows: list[tuple[Any, int]]) -> MixedPairs:
        pixels = spdl.io.to_torch(spdl.io.convert_frames([frames for frames, _ in rows]))  # [B, S, S, 3] uint8
        images = pixels.permute(0, 3, 1, 2).contiguous().float().sub_(self.mean).div_(self.std)
        return self.mix.mixed(images, [self.files.captions[number] for _, number in rows])


def _unused(*_: Any) -> torch.Tensor:
    raise NotImplementedError
