"""timm's own training transform and fast_collate: uint8 from the workers, made float and normalised as a batch.

`create_transform(is_training=True, use_prefetcher=True)` and `fast_collate` as timm's train.py has them; what its
PrefetchLoader does to a batch is done in the worker here, since it is followed by mixing and tokenising.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import torch
from timm.data.loader import fast_collate
from timm.data.transforms_factory import create_transform
from torch.utils.data import DataLoader, Dataset

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "timm"
TITLE = "timm's transform and fast_collate"
PACKAGES: tuple[str, ...] = ("timm", "pillow", "torchvision", "open_clip_torch")
#: Pillow's pixels.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"max": 1.01}, "bicubic": {"max": 1.01}}


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    return DataLoader(
        _Rows(files, work, views),
        batch_size=work.batch_size,
        shuffle=views is None,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=_Collate(files, work),
    )


class _Rows(Dataset[tuple[npt.NDArray[np.uint8], int]]):
    """[3, S, S] uint8 and the row's number in the class's place."""

    def __init__(self, files: Files, work: Work, views: Views | None) -> None:
        self.paths = files.paths
        self.transform: Any = _Replay(work, views) if views else _Draw(work)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> tuple[npt.NDArray[np.uint8], int]:
        with PIL.Image.open(self.paths[number]) as opened:
            image = opened.convert("RGB")
        return self.transform(image, number), number


class _Draw:
    """timm's own transform."""

    def __init__(self, work: Work) -> None:
        self.transform: Any = create_transform(
            work.size,
            is_training=True,
            scale=work.scale,
            ratio=work.ratio,
            color_jitter=0.0,
            interpolation=work.interpolation,
            use_prefetcher=True,
        )

    def __call__(self, image: PIL.Image.Image, _number: int) -> npt.NDArray[np.uint8]:
        pixels: npt.NDArray[np.uint8] = self.transform(image)
        return pixels


class _Replay:
    """The same with crops and flips given."""

    def __init__(self, work: Work, views: Views) -> None:
        self.work, self.views = work, views

    def __call__(self, image: PIL.Image.Image, number: int) -> npt.NDArray[np.uint8]:
        left, top, width, height = self.views.boxes[number].tolist()
        view = image.crop((left, top, left + width, top + height))
        view = view.resize((self.work.size,) * 2, PIL.Image.Resampling[self.work.interpolation.upper()])
        view = view.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT) if self.views.flips[number] else view
        return np.ascontiguousarray(np.asarray(view).transpose(2, 0, 1))


class _Collate(MixAndTokenize):
    """fast_collate, then what a PrefetchLoader does, then mixing and tokenising."""

    def __init__(self, files: Files, work: Work) -> None:
        super().__init__(work)
        self.captions = files.captions
        self.mean, self.std = (255 * torch.tensor(triple).view(1, 3, 1, 1) for triple in (work.mean, work.std))

    def __call__(self, rows: Any) -> MixedPairs:
        """Makes a batch."""
        stacked, numbers = fast_collate(rows)  # type: ignore[no-untyped-call]
        images = stacked.float().sub_(self.mean).div_(self.std)  # [B, 3, S, S]
        return self.mixed(images, [self.captions[number] for number in numbers.tolist()])
