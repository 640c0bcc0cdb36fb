"""How much is timed, and on what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from impasto.checks import at_least, require
from impasto.recipe import ImageRecipe

#: How much of JPEG's colours is stored.
Sampling = Literal["4:4:4", "4:2:2", "4:2:0"]


def _require_decoded(width: int, height: int, name: str = "sizes") -> None:
    most = ImageRecipe().max_pixels
    require(width * height <= most, f"{name}: {width}x{height} are more pixels than {most:,}, the most that is decoded")


def _require_once(**lists: tuple[object, ...]) -> None:
    """Refuses what comes twice: rows are told apart by it."""
    for name, values in lists.items():
        require(len(set(values)) == len(values), f"{name}={values}: name each of them once")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The ways in which images are stored: each of one of them.

    Args:
        sizes: Widths and heights of images, in pixels.
        formats: What images are encoded as, 'JPEG', 'PNG', 'WebP'.
        qualities: Of JPEG and WebP, 1 to 95, timed each.
        samplings: Of JPEG's colours, timed each.

    Raises:
        RecipeError: If a size, a format, a quality or a sampling isn't one, comes twice, or there are none.
    """

    sizes: tuple[str, ...] = ("640x480",)
    formats: tuple[str, ...] = ("JPEG",)
    qualities: tuple[int, ...] = (90,)
    samplings: tuple[Sampling, ...] = ("4:2:0",)

    def __post_init__(self) -> None:
        _require_once(sizes=self.sizes, formats=self.formats, qualities=self.qualities, samplings=self.samplings)
        require(
            bool(self.qualities) and all(1 <= quality <= 95 for quality in self.qualities),
            f"qualities={self.qualities} must be from 1 to 95",
        )
        known = ", ".join(get_args(Sampling))
        for sampling in self.samplings or ("",):
            require(sampling in get_args(Sampling), f"samplings={self.samplings}: there are {known}")
        for kind in self.formats or ("",):
            require(kind in ("JPEG", "PNG", "WebP"), f"formats={self.formats}: there are JPEG, PNG and WebP")
        for size in self.sizes or ("",):
            require(re.fullmatch(r"[1-9]\d*x[1-9]\d*", size) is not None, f"sizes={self.sizes}: {size!r} is no 640x480")
        for width, height in self.shapes.values():
            _require_decoded(width, height)

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """Width and height by size."""
        pairs = {size: size.split("x") for size in self.sizes}
        return {size: (int(width), int(height)) for size, (width, height) in pairs.items()}


@dataclass(frozen=True, kw_only=True)
class LoaderTiming(Stored):
    """How loaders are timed.

    Args:
        images: Files in an epoch, cut from the photographs of scikit-image and scikit-learn, or yours.
        batch_size: Images in a batch.
        rounds: Times that each row runs.
        packed: Time what short side 256 holds of them, too: our loader on shards, the others on files of those bytes.
        workers: Numbers of workers, a row each; 0 is one core.
        cores: Numbers of cores, of threads and of processes that --sweep goes through; by default 1, 2, 4 and so on,
            and all that there are.
        interpolation: How every loader resizes.
        peers: Whom ours is compared with, by name; 'all' for all that can run here (make bench-peers installs them).
        seed: Of files, crops, flips and order.

    Raises:
        RecipeError: If a number is too small, or something comes twice.
    """

    images: int = 512
    batch_size: int = 64
    rounds: int = 5
    packed: bool = False
    workers: tuple[int, ...] = (0, 1, 2)
    cores: tuple[int, ...] = ()
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    peers: tuple[str, ...] = ("pillow", "torchvision.io")
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(1, images=self.images, batch_size=self.batch_size, rounds=self.rounds)
        require(all(self.cores), f"cores={self.cores} must each be at least 1")
        _require_once(workers=self.workers, cores=self.cores, peers=self.peers)
        others = "all" not in self.peers or len(self.peers) == 1
        require(others, f"peers={self.peers}: 'all' takes in every other; leave those out")

    @classmethod
    def quick(cls, **changes: Any) -> LoaderTiming:
        """Seconds, on one core."""
        few: dict[str, Any] = {"images": 128, "batch_size": 32, "rounds": 3, "workers": (0,)}
        return cls(**(few | changes))


@dataclass(frozen=True, kw_only=True)
class KernelTiming(Stored):
    """How kernels are timed.

    Args:
        images: Images of a size.
        side: Of resized images, in pixels.
        captions: Captions that are tokenised.
        vocabulary: BERT's vocab.txt, with which WordPiece is timed too.
        threads: Numbers of threads, a row each: one on one core, by its CPU time; more on as many cores, each of them
            all of the work, by wall-clock time.
        rounds: Times that each runs.
        seed: Of images and captions; your own are as they are.

    Raises:
        RecipeError: If a number is too small or too large, or a size or format isn't one.
    """

    images: int = 16
    sizes: tuple[str, ...] = ("96x96", "500x375", "640x480", "1920x1080")
    formats: tuple[str, ...] = ("JPEG", "PNG", "WebP")
    side: int = 224
    captions: int = 1000
    vocabulary: Path | None = None
    threads: tuple[int, ...] = (1,)
    rounds: int = 7
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(1, images=self.images, side=self.side, captions=self.captions, rounds=self.rounds)
        _require_decoded(self.side, self.side, "side")
        require(bool(self.threads) and all(self.threads), f"threads={self.threads} must each be at least 1")
        _require_once(threads=self.threads)

    @classmethod
    def quick(cls, **changes: Any) -> KernelTiming:
        """Seconds."""
        few: dict[str, Any] = {"images": 4, "sizes": ("96x96", "640x480"), "captions": 200, "rounds": 3}
        return cls(**(few | changes))


@dataclass(frozen=True, kw_only=True)
class ScaleTiming:
    """How the loader is timed against how much there is.

    Args:
        samples: Numbers of samples, a row each; of tiny images, in shards.
        workers: Numbers of workers, a row each.
        ranks: Numbers of processes that share an epoch, a row each, with one worker each.
        batches: Batches of a row.
        batch_size: Samples in a batch, over all ranks.
        epoch: Samples of the epoch in whose middle a run goes on.
        seed: Of images, crops and order.

    Raises:
        RecipeError: If a number is too small, or comes twice.
    """

    samples: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    workers: tuple[int, ...] = (0, 1, 2)
    ranks: tuple[int, ...] = (1, 2)
    batches: int = 60
    batch_size: int = 240
    epoch: int = 10_000_000
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(2, batches=self.batches, batch_size=self.batch_size)
        _require_once(samples=self.samples, workers=self.workers, ranks=self.ranks)
        most = max(self.ranks, default=1)
        enough = self.samples and min((*self.samples, self.epoch)) >= self.batch_size >= most
        require(bool(enough), f"samples={self.samples} and epoch={self.epoch} must fill a batch of {self.batch_size}")

    @classmethod
    def quick(cls, **changes: Any) -> ScaleTiming:
        """Seconds."""
        few: dict[str, Any] = {"samples": (1_000, 4_000), "workers": (0, 1), "batches": 4}
        return cls(**(few | changes))


@dataclass(frozen=True, kw_only=True)
class PackingTiming:
    """How the loader is timed on shards.

    Args:
        images: JPEG files of 640x480 pixels in an epoch, cut from the photographs of scikit-image and scikit-learn.
        quality: The files', 1 to 100; shards are written in that of `impasto pack`.
        batch_size: Images in a batch.
        rounds: Times that each row runs.
        interpolation: How crops are resized.
        seed: Of files, crops, flips and order.

    Raises:
        RecipeError: If a number is too small or too large.
    """

    images: int = 256
    quality: int = 90
    batch_size: int = 64
    rounds: int = 7
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(1, images=self.images, batch_size=self.batch_size, rounds=self.rounds)
        require(1 <= self.quality <= 100, f"quality={self.quality} must be from 1 to 100")

    @classmethod
    def quick(cls, **changes: Any) -> PackingTiming:
        """Less than a minute."""
        return cls(**({"images": 64, "batch_size": 32, "rounds": 3} | changes))


@dataclass(frozen=True, kw_only=True)
class StyleTiming:
    """How style networks are timed.

    Args:
        device: Where they run.
        rounds: Times that each row runs.
        compile: Try torch.compile too; by default on a GPU only.
        compile_seconds: What compiling may take in all; forms that it is not enough for are skipped, and named.
        seed: Of weights, images and embeddings.

    Raises:
        RecipeError: If a number is too small.
    """

    device: Literal["cpu", "cuda"] = "cpu"
    rounds: int = 5
    compile: bool | None = None
    compile_seconds: float = 300.0
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(1, rounds=self.rounds)
        require(self.compile_seconds > 0, f"compile_seconds={self.compile_seconds} must be a number of seconds")

    @classmethod
    def quick(cls, **changes: Any) -> StyleTiming:
        """Few rounds."""
        return cls(**({"rounds": 3} | changes))


@dataclass(frozen=True, kw_only=True)
class TrainStepTiming:
    """How training steps are timed, with what feeds them.

    Args:
        preset: The CLIP's size, with which images and captions have theirs.
        pace: Milliseconds of a step that trains nothing and leaves the core alone, as one on an accelerator does; 0
            trains the CLIP.
        images: JPEG files in an epoch, cut from the photographs of scikit-image and scikit-learn.
        width: Of the files, in pixels.
        height: Of the files, in pixels.
        batch_size: Pairs in a batch.
        rounds: Times that each row runs.
        seed: Of files, weights, crops, flips and order.

    Raises:
        RecipeError: If a number is too small, or there are fewer images than a batch has.
    """

    preset: Literal["tiny", "small", "base"] = "small"
    pace: float = 0.0
    images: int = 256
    width: int = 640
    height: int = 480
    batch_size: int = 32
    rounds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(1, batch_size=self.batch_size, rounds=self.rounds)
        require(self.pace >= 0, f"pace={self.pace} must not be negative")
        at_least(16, width=self.width, height=self.height)
        _require_decoded(self.width, self.height)
        few = f"images={self.images} are fewer than a batch of {self.batch_size}"
        require(self.images >= self.batch_size, few)

    @classmethod
    def quick(cls, **changes: Any) -> TrainStepTiming:
        """Seconds."""
        return cls(**({"images": 64, "rounds": 3} | changes))

    @classmethod
    def quick_on_device(cls, **changes: Any) -> TrainStepTiming:
        """Seconds, in batches that a classifier of the papers takes on a CPU."""
        few: dict[str, Any] = {"preset": "tiny", "images": 32, "batch_size": 8, "rounds": 1}
        return cls(**(few | changes))


@dataclass(frozen=True, kw_only=True)
class FeedTiming:
    """How training steps on a device are timed: by wall-clock time, with every kind of loader.

    Args:
        device: Where steps are taken, on a CPU by one thread; without it loaders and a CLIP's step share one core.
        model: A CLIP of --preset's size, or one of torchvision's classifiers, with labels of its own and no captions.
        side: Of a classifier's images, in pixels.
        cores: Numbers of cores that loop and loader are held to, and of workers, rows each; all that there are by
            default, and 1, 2, 4 and so on with --sweep.
        seconds: That each row is timed for, in each round.
        limit: Seconds that all of it may take; rows that it isn't enough for are left out, and named.

    Raises:
        RecipeError: If a number is too small, or comes twice.
    """

    device: Literal["cpu", "cuda"] | None = None
    model: Literal["clip", "resnet18", "vit-b-16"] = "clip"
    side: int = 224
    cores: tuple[int, ...] = ()
    seconds: float = 3.0
    limit: float = 3600.0

    def __post_init__(self) -> None:
        at_least(16, side=self.side)
        require(self.side % 16 == 0, f"side={self.side} must be a multiple of 16, a patch of ViT-B/16")
        require(all(self.cores), f"cores={self.cores} must each be at least 1")
        _require_once(cores=self.cores)
        require(self.seconds > 0 < self.limit, f"seconds={self.seconds} and limit={self.limit} must be above 0")

    @classmethod
    def quick(cls, **changes: Any) -> FeedTiming:
        """Less than a minute on a CPU."""
        return cls(**({"side": 64, "seconds": 0.3} | changes))
