"""The demonstration's data: photographs and scenes, written once in both formats and compared."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from impasto.errors import ImpastoError
from impasto.loading import Loader
from impasto.progress import Progress
from impasto.sources import CocoCaptions, WebDataset
from impasto_lab.worlds import World, photographs, scenes, write_world
from impasto_lab.worlds.formats.sample import Split

if TYPE_CHECKING:
    from impasto.batch import Batch
    from impasto.recipe import Recipe

#: The parts of the test split, as they are told.
UNSEEN, SEEN, SCENES = "unseen photographs", "seen photographs, other tones", "scenes, other colours"


@dataclass(frozen=True)
class DemoData:
    """The world, and where each part of its test split lies.

    Attributes:
        world: On disk.
        photographs: Number of photographs' cuts, of all splits.
        scenes: Number of scenes, of all splits.
        test: Rows of the test split, by part.
    """

    world: World
    photographs: int
    scenes: int
    test: dict[str, range]

    def coco(self, split: Split) -> CocoCaptions:
        """A split, from COCO captions JSON and images."""
        return CocoCaptions(self.world.annotations(split), images=self.world.images)

    def shards(self, split: Split) -> WebDataset:
        """A split, from tar shards."""
        return WebDataset(self.world.shards(split))


def write(out: Path, *, scene_count: int, seed: int, progress: Progress) -> DemoData:
    """Writes photographs and scenes as one world, in COCO captions JSON with images and as tar shards.

    Args:
        out: The folder to make.
        scene_count: Scenes, of all splits.
        seed: Of both.
        progress: Called after every image.

    Raises:
        SourceError: If the folder holds something else.
        MissingExtraError: If scikit-image or scikit-learn is not installed.
    """
    size = scenes.Size(scene_count)
    photograph_count, seen = photographs.count(), photographs.count("test", held_out=False)
    samples = chain(photographs.samples(seed=seed), scenes.samples(size=size, seed=seed))
    about = {"seed": seed, "photographs": photograph_count, "scenes": scene_count}
    total = photograph_count + scene_count
    world = write_world(out, samples, name="demo", total=total, about=about, shard_samples=500, progress=progress)
    rendered = seen + photographs.count("test", held_out=True)
    test = {
        UNSEEN: range(seen, rendered),
        SEEN: range(seen),
        SCENES: range(rendered, world.about["images"]["test"]),
    }
    return DemoData(world, photograph_count, scene_count, test)


class FormatsDifferError(ImpastoError, AssertionError):
    """COCO captions and tar shards of the same samples gave different batches."""


def compare_formats(data: DemoData, recipe: Recipe, *, batch_size: int, batches: int, seed: int) -> int:
    """Loads the same batches from both formats and compares keys, captions, crops, flips and mixed pixels.

    A shard has one caption a sample, and COCO several; which one COCO's loader draws is looked up.

    Args:
        data: The world.
        recipe: With MixGen.
        batch_size: Samples in a batch.
        batches: How many are compared, at most.
        seed: Of the loaders.

    Returns:
        How many were compared.

    Raises:
        FormatsDifferError: If anything differs.
    """
    coco, shards = data.coco("train"), data.shards("train")
    for row in range(len(coco)):
        same_key = int(coco.key(row)) == int(shards.key(row))
        if not same_key or shards.index.captions(row) != coco.index.captions(row)[:1]:
            raise FormatsDifferError("the shard's sample has another key or caption", key=shards.key(row))
    loaders = [Loader(source, recipe, batch_size=batch_size, seed=seed, workers=1) for source in (coco, shards)]
    compared = 0
    for one, other in zip(*loaders, strict=True):
        _compare(one, other)
        compared += 1
        if compared == batches:
            break
    return compared


def _compare(one: Batch, other: Batch) -> None:
    same = (
        list(map(int, one.keys)) == list(map(int, other.keys))
        and bool((one.plan.boxes == other.plan.boxes).all())
        and bool((one.plan.flips == other.plan.flips).all())
        and bool((one.plan.partners == other.plan.partners).all())
        and torch.equal(one.images, other.images)
    )
    if not same:
        raise FormatsDifferError(f"the batches that begin with sample {one.keys[0]} differ", key=one.keys[0])
