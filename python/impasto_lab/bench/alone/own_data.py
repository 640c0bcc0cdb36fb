"""The loader over somebody's own data: what its time goes to, and what storing smaller images would give."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image

from impasto.errors import ImpastoError
from impasto.loading import Loader, Stats
from impasto.recipe import ImageRecipe, Recipe, TextRecipe
from impasto.sources import Sequence, Source
from impasto_lab.bench import machine
from impasto_lab.bench.timing import Row, Track, take_turns, untracked
from impasto_lab.bench.work import Work

#: What images are stored at to be compared: pixels of the shorter side, and JPEG quality.
SHORT_SIDE, QUALITY = 256, 95
#: Images that are stored again, and times that each of both is loaded.
_STORED, _ROUNDS = 64, 3
#: Stages that smaller images shorten.
_BY_SIZE = ("read", "decode", "resize")


@dataclass(frozen=True)
class Stored:
    """What the same images give when they are stored smaller.

    Attributes:
        images: How many were stored again.
        faster: Their rate on one core over the rate of those that were, both from memory.
        kilobytes: Of an image as it was, and as stored again.
        short_side: Median of the shorter sides, in pixels.
    """

    images: int
    faster: float
    kilobytes: tuple[float, float]
    short_side: int


@dataclass(frozen=True)
class OwnDataBench:
    """What was measured.

    Attributes:
        stats: Of batches that are taken as fast as they come.
        stored: What smaller images would give; None where no image is larger.
        settings: The arguments of `run`.
    """

    stats: Stats
    stored: Stored | None
    settings: dict[str, Any]

    @property
    def advice(self) -> str:
        """One line: what binds, and what was measured to help."""
        binds, stored = self.stats.binds, self.stored
        if binds not in _BY_SIZE or stored is None:
            return self.stats.advice
        return (
            f"{binds}-bound: pack at short side {SHORT_SIDE} for {stored.faster:.1f}x (on one core, {stored.images} of "
            f"these images, JPEG quality {QUALITY}, {stored.kilobytes[0]:.0f} to {stored.kilobytes[1]:.0f} kB)"
        )

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        stored = None if self.stored is None else dict(vars(self.stored))
        return {
            "stats": self.stats.as_dict(),
            "stored_smaller": stored,
            "advice": self.advice,
            "machine": machine.describe(),
            "versions": machine.versions("impasto", "torch"),
            "settings": self.settings,
            "command": " ".join(["impasto", *sys.argv[1:]]),
        }


def run(
    data: Source, *, batch_size: int = 64, batches: int = 50, workers: int = 2, seed: int = 0, track: Track = untracked
) -> OwnDataBench:
    """Takes batches as fast as they come, then loads some images again that are stored smaller.

    Args:
        data: The data set.
        batch_size: Samples in a batch.
        batches: The most that are taken.
        workers: Threads.
        seed: Of crops, flips and order.
        track: Shows progress.

    Raises:
        RecipeError: If there are fewer samples than a batch has.
    """
    work = Work(batch_size=batch_size, seed=seed)
    loader = _loader(data, work, batch_size=batch_size, workers=workers)
    taken = iter(loader)
    for _ in track(range(min(batches, len(loader))), "loading"):
        next(taken)
    taken.close()
    stored = _stored(data, work, track)
    settings = {"data": repr(data), "batch_size": batch_size, "batches": batches, "workers": workers, "seed": seed}
    return OwnDataBench(loader.stats(), stored, settings)


def _loader(data: Source, work: Work, *, batch_size: int, workers: int) -> Loader:
    image = ImageRecipe(size=work.size, scale=work.scale, ratio=work.ratio, normalize=(work.mean, work.std))
    recipe = Recipe(image=image, text=TextRecipe(length=work.length))
    return Loader(
        data,
        recipe,
        batch_size=batch_size,
        workers=workers,
        seed=work.seed,
        on_error="replace",
        budget=1.0,
        manifest=None,
    )


def _stored(data: Source, work: Work, track: Track) -> Stored | None:
    """Stores some images again, and loads both from memory in turns."""
    rows = np.unique(np.linspace(0, len(data) - 1, min(_STORED, len(data)), dtype=np.int64))
    before, after, sides = [], [], []
    for row in rows.tolist():
        try:
            index, at = data.find(row)
            encoded = index.image(at)
            with PIL.Image.open(io.BytesIO(encoded)) as image:
                picture = image.convert("RGB")
        except (ImpastoError, OSError, ValueError):
            continue  # what is wrong with it is what `impasto info` is for
        sides.append(min(picture.size))
        before.append(encoded)
        after.append(_smaller(picture) if min(picture.size) > SHORT_SIDE else encoded)
    if not sides or max(sides) <= SHORT_SIDE:
        return None
    pairs = {"before": before, "after": after}
    few = {name: Sequence([(one, "a photo") for one in images]) for name, images in pairs.items()}
    turns = [Row(name, name, 0, _loader(one, work, batch_size=len(sides), workers=0)) for name, one in few.items()]
    take_turns(turns, rounds=_ROUNDS, track=track)
    kilobytes = [float(np.mean([len(one) for one in images]) / 1000) for images in pairs.values()]
    faster = turns[1].images_per_second / turns[0].images_per_second
    return Stored(len(sides), faster, (kilobytes[0], kilobytes[1]), int(np.median(sides)))


def _smaller(picture: PIL.Image.Image) -> bytes:
    scale = SHORT_SIDE / min(picture.size)
    size = (max(SHORT_SIDE, round(picture.width * scale)), max(SHORT_SIDE, round(picture.height * scale)))
    file = io.BytesIO()
    smaller = picture.resize(size, PIL.Image.Resampling.BICUBIC)
    smaller.save(file, "JPEG", quality=QUALITY, subsampling="4:2:0")
    return file.getvalue()
