"""The world that models are pretrained on, tuned to and judged on, and its words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from impasto import sources
from impasto.files import new_file
from impasto.sources import KarpathyCaptions, Source
from impasto_lab.experiments.downstream.settings import Downstream, TaskName
from impasto_lab.experiments.experiment import Place
from impasto_lab.experiments.prepared import require_no_data
from impasto_lab.experiments.scarcity.data import source
from impasto_lab.tasks.pretrain import captions_of, own_vocabulary
from impasto_lab.worlds import World, render_language, scenes
from impasto_lab.worlds.formats.sample import Split

#: Where each task's data lies in the world, by split; retrieval has the captions of all splits in one file.
_FILES: dict[TaskName, dict[Split, str]] = {
    "vqa": {split: f"annotations/v2_OpenEnded_mscoco_{split}2014_questions.json" for split in ("train", "val", "test")},
    "snli-ve": {split: f"annotations/snli_ve_{split}.jsonl" for split in ("train", "val", "test")},
    "nlvr2": {"train": "nlvr2/train.json", "val": "nlvr2/dev.json", "test": "nlvr2/test1.json"},
}


def world_of(shared: Path) -> World:
    """The world of a run."""
    return World(shared / "world")


def prepare(settings: Downstream, place: Place) -> None:
    """Renders the world and lists its words, those of questions and answers too, unless both are there.

    Raises:
        SourceError: If the folder can't be written.
        RecipeError: If it is one of real data.
    """
    require_no_data(place.shared)
    world = world_of(place.shared)
    size = scenes.Size(settings.images + 2 * settings.held, side=settings.world_side, held=settings.held)
    about = {"seed": settings.world_seed, "size": size.images}
    counts = {"train": settings.images, "val": settings.held, "test": settings.held}
    there = world.root.exists() and about.items() <= world.about.items() and world.about["images"] == counts
    if not there:
        with place.narrator.bar("rendering scenes") as advance:
            render_language(world.root, size=size, seed=settings.world_seed, progress=advance)
    with new_file(vocabulary_of(place.shared)) as partial:
        partial.write_text(own_vocabulary(_texts(world)), encoding="utf-8")


def vocabulary_of(shared: Path) -> Path:
    """BERT's ``vocab.txt`` of a run."""
    return shared / "vocab.txt"


def task_data(world: World, task: TaskName, split: Split, *, most: int | None = None) -> Source:
    """A task's data.

    Args:
        world: Where it lies.
        task: The task.
        split: Which of it.
        most: Rows, from the first on; None takes all.
    """
    data: Source
    if task == "retrieval":
        karpathy = KarpathyCaptions(world.karpathy, images=world.images, split=split)
        return karpathy if most is None else karpathy[np.arange(min(most, len(karpathy)))]
    data = sources.open(world.root / _FILES[task][split])
    return data


def image_file(world: World, key: str) -> Path:
    """Where the image of a key lies."""
    return world.images / f"{int(key):012d}.jpg"


def _texts(world: World) -> Iterator[str]:
    """All that is said in training."""
    yield from captions_of(source(world, "train"))
    for task in _FILES:
        data = task_data(world, task, "train")
        yield from captions_of(data)
        if task == "vqa":
            for row in range(len(data)):
                yield from data.facts(row)["answers"]
