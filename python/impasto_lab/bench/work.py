"""The work that every loader of a comparison does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from impasto_lab.bench.photographs import Files


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is done to each image and caption: RandomResizedCrop, flip, normalise, MixGen, CLIP tokens.

    Attributes:
        batch_size: Images in a batch, B.
        size: Side of the crops after resizing, in pixels.
        scale: Smallest and largest share of the image's area that a crop takes.
        ratio: Smallest and largest aspect ratio of a crop.
        interpolation: How crops are resized, with antialiasing.
        mean: CLIP's mean of red, green and blue in [0, 1].
        std: CLIP's standard deviations.
        mixed: Share of the batch that MixGen replaces; 0 mixes nothing.
        lam: Weight of an image in its mixture.
        length: Ids of a caption; 0 leaves captions out.
        pinned: Whether a stock DataLoader's batches are put into page-locked memory, from which a GPU copies by itself.
        seed: Of our draws; the peers draw from torch's global generator, seeded with it.
    """

    batch_size: int
    size: int = 224
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)
    mixed: float = 0.25
    lam: float = 0.5
    length: int = 77
    pinned: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Views:
    """Crops and flips to replay instead of drawing.

    Attributes:
        boxes: [N, 4]: left, top, width and height of the crop of each file, in whole pixels.
        flips: [N] bool: whether it is mirrored.
    """

    boxes: npt.NDArray[np.int64]
    flips: npt.NDArray[np.bool_]


class Pairs(Protocol):
    """A batch of any of the loaders."""

    @property
    def images(self) -> torch.Tensor:
        """[B, 3, S, S] float32, normalised."""
        ...

    @property
    def input_ids(self) -> torch.Tensor | None:
        """[B, L] int64."""
        ...

    @property
    def captions(self) -> list[str] | None:
        """B captions, after joining."""
        ...


class Peer(Protocol):
    """A loader that ours is compared with: what each module in `impasto_lab.bench.peers` is."""

    NAME: str
    TITLE: str
    PACKAGES: tuple[str, ...]
    #: What pixels may differ by from ours with ``exact=True``, in levels of 255, by interpolation and statistic.
    TOLERANCE: dict[str, dict[str, float]]

    def open_loader(self, files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[Pairs]:
        """A loader whose iterations are epochs; with ``views`` it replays them over the files in order."""
        ...
