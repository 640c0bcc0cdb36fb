"""NVIDIA DALI on the CPU: file reader, decode of a random crop, resize, mirror and normalise, one thread a worker.

The pipeline of its ResNet example (docs/examples/use_cases/pytorch/resnet50): `image_random_crop` decodes only the
crop's region. Its files are read ahead by its own threads, so mixing and tokenising are what is left to Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from nvidia.dali import fn, pipeline_def, types
from nvidia.dali.plugin.base_iterator import LastBatchPolicy
from nvidia.dali.plugin.pytorch import DALIGenericIterator

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "dali"
TITLE = "NVIDIA DALI (CPU)"
PACKAGES: tuple[str, ...] = ("nvidia-dali-cuda120", "open_clip_torch")
#: Its own antialiasing; its decoder's fancy upsampling is libjpeg-turbo's.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"mean": 2.0}, "bicubic": {"mean": 2.0}}


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    return _Batches(files, work, workers, views)


def _graph(files: Files, work: Work, views: Views | None) -> tuple[Any, Any]:
    encoded, numbers = fn.readers.file(
        files=files.paths,
        labels=list(range(len(files))),
        random_shuffle=views is None,
        seed=work.seed,
        name="files",
    )
    if views is None:
        images = fn.decoders.image_random_crop(
            encoded,
            output_type=types.RGB,
            random_area=list(work.scale),
            random_aspect_ratio=list(work.ratio),
            adjust_orientation=False,
        )
        mirror = fn.random.coin_flip(probability=0.5)
    else:
        boxes, flips = views.boxes.astype(np.int32), views.flips.astype(np.int32)
        start = fn.external_source(lambda info: boxes[info.idx_in_epoch % len(boxes), :2], batch=False)
        shape = fn.external_source(lambda info: boxes[info.idx_in_epoch % len(boxes), 2:], batch=False)
        mirror = fn.external_source(lambda info: flips[info.idx_in_epoch % len(flips)], batch=False)
        images = fn.decoders.image_slice(
            encoded, start=start, shape=shape, axis_names="WH", output_type=types.RGB, adjust_orientation=False
        )
    interpolation = types.INTERP_LINEAR if work.interpolation == "bilinear" else types.INTERP_CUBIC
    images = fn.resize(images, size=[work.size, work.size], interp_type=interpolation, antialias=True)
    images = fn.crop_mirror_normalize(
        images,
        mirror=mirror,
        dtype=types.FLOAT,
        output_layout="CHW",
        mean=[255 * value for value in work.mean],
        std=[255 * value for value in work.std],
    )
    return images, numbers


class _Batches:
    def __init__(self, files: Files, work: Work, workers: int, views: Views | None) -> None:
        self.captions, self.mix = files.captions, MixAndTokenize(work)
        # Batches made ahead on one core would be made in others' turns, whose time would have them.
        ahead: dict[str, Any] = {} if workers else {"exec_async": False, "exec_pipelined": False}
        graph = pipeline_def(batch_size=work.batch_size, num_threads=max(workers, 1), device_id=None, **ahead)(_graph)
        self.iterator = DALIGenericIterator(
            graph(files, work, views),
            ["images", "numbers"],
            reader_name="files",
            last_batch_policy=LastBatchPolicy.DROP,
            auto_reset=True,
            prepare_first_batch=workers > 0,
        )

    def __iter__(self) -> Iterator[MixedPairs]:
        for (batch,) in self.iterator:
            numbers = batch["numbers"].flatten().tolist()
            yield self.mix.mixed(batch["images"], [self.captions[number] for number in numbers])
