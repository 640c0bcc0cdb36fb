"""kornia-rs: decode, crop, and its one pass that resizes, normalises and lays out.

`Image.resize_normalize_to_tensor` is what kornia-rs' stubs name for feeding a network. It resizes without
antialiasing, so that its pixels are the farthest from the others'.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import kornia_rs
import torch

from impasto_lab.bench.peers.pairs import MixedPairs, open_pairs
from impasto_lab.bench.peers.viewing import Cropping, Viewed
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "kornia-rs"
TITLE = "kornia-rs"
PACKAGES: tuple[str, ...] = ("kornia-rs", "open_clip_torch")
#: No antialiasing, and bilinear whatever is asked for.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"mean": 8.0}, "bicubic": {"mean": 8.0}}


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    load = Viewed(_load, work, views)
    # Workers that were forked after its threads had started never answered here.
    return open_pairs(files, work, load, workers=workers, shuffle=views is None, context="forkserver")


def _load(path: str, cropping: Cropping, work: Work) -> torch.Tensor:
    image = kornia_rs.image.Image.decode(Path(path).read_bytes(), "RGB")
    left, top, width, height, flipped = cropping(image.width, image.height)
    view = image.crop(left, top, width, height)
    if flipped:
        view = view.flip_horizontal()
    fused = view.resize_normalize_to_tensor(work.size, work.size, list(work.mean), list(work.std))
    return torch.from_numpy(fused.numpy()).view(3, work.size, work.size)
