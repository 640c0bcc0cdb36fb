"""The data that all pieces share, and copies of the training images in other styles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from impasto.batch import BatchId
from impasto.checks import require
from impasto.files import new_folder
from impasto.loading import Loader
from impasto.progress import Progress
from impasto.recipe import ImageRecipe, Recipe
from impasto.sources import CocoInstances, PascalVoc, Source, concat
from impasto.streams import pick
from impasto.style import StyleRandomizer
from impasto_lab.experiments.decoding import decoded
from impasto_lab.experiments.dense.real import Part, file_name, open_real
from impasto_lab.experiments.dense.settings import STYLED, Dense
from impasto_lab.experiments.experiment import Place
from impasto_lab.experiments.prepared import keep_to
from impasto_lab.tasks.dense.detection import FIELDS, VOC_FIELDS
from impasto_lab.tasks.dense.segmentation import MAPS
from impasto_lab.training import pick_device
from impasto_lab.worlds import World, write_instances
from impasto_lab.worlds.corruptions import CORRUPTIONS, corrupt
from impasto_lab.worlds.formats.encode import encode_jpeg

_PART = 32
#: What the worlds and the copies depend on.
_MAKING = ("data", "crowd", "images", "target_images", "world_seed", "alpha", "copies")
#: How bad real data's own images are made to stand for a shifted target, from 1 to 5.
_SEVERITY = 3


def prepare(settings: Dense, place: Place) -> None:
    """Renders source and target, or looks for real ones, and restyles the training images; what is there is used.

    Raises:
        RecipeError: If what is there was made with other settings, or real data's target has other classes or no box.
        SourceError: If real data are not there.
    """
    shared = place.shared
    if not settings.renders:
        classes = training_split(shared, settings).classes
        for part in ("source", "target"):
            split = test_split(shared, settings, part)
            other = split.classes
            require(other == classes, f"the {part} has the classes {other}, and the training data have {classes}")
            shown = not settings.detects or any(len(split.facts(row)["boxes"]) for row in range(len(split)))
            require(shown, f"the {part}'s val has no box; there is nothing to measure on")
    keep_to(shared / "prepared.json", {name: asdict(settings)[name] for name in _MAKING})
    if settings.renders and not (shared / "world").exists():
        with place.narrator.bar("rendering source and target") as advance, new_folder(shared / "world") as partial:
            write_instances(
                partial,
                settings.crowd,
                images=settings.images,
                target_images=settings.target_images,
                seed=settings.world_seed,
                progress=advance,
            )
    for number in range(settings.copies if any(arm in STYLED for arm in place.arms) else 0):
        folder = _copy(shared, number)
        if not folder.exists():
            with place.narrator.bar(f"restyling, copy {number + 1} of {settings.copies}") as advance:
                _restyle(training_split(shared, settings), folder, number, settings, place, advance)


def training_split(shared: Path, settings: Dense, *, images: Path | None = None) -> CocoInstances | PascalVoc:
    """What is trained on; its images from another folder, if one is given."""
    if settings.data is not None:
        return open_real(settings.data, "train", maps=not settings.detects, images=images)
    return _rendered(shared, "source", "train", images)


def test_split(shared: Path, settings: Dense, part: str) -> CocoInstances | PascalVoc:
    """Held-out images of the ``"source"`` or of the ``"target"``."""
    if settings.data is not None:
        other = settings.target if part == "target" else None
        return open_real(other or settings.data, "test", maps=not settings.detects)
    return _rendered(shared, part, "test", None)


def held_out(shared: Path, settings: Dense) -> dict[str, Loader]:
    """Held-out images of source and target, whole, as they are evaluated."""
    recipe = Recipe(image=ImageRecipe(size=settings.crowd.side, crop="none", normalize=None), text=None)
    loaders = {}
    for part in ("source", "target"):
        data = test_split(shared, settings, part)
        worse = part == "target" and not settings.renders and settings.target is None
        loaders[part] = Loader(
            data,
            recipe,
            batch_size=32,
            workers=1,
            shuffle=False,
            drop_last=False,
            fields=fields_of(data, settings),
            transform=_worse if worse else None,
        )
    return loaders


def fields_of(data: CocoInstances | PascalVoc, settings: Dense) -> tuple[str, ...]:
    """What a loader carries along."""
    if not settings.detects:
        return MAPS
    return VOC_FIELDS if isinstance(data, PascalVoc) else FIELDS


def training_data(shared: Path, settings: Dense, *, styled: bool) -> Source:
    """What an arm trains on: the images, or as many restyled copies of them as images, drawn alike."""
    plain = training_split(shared, settings)
    if not styled:
        return plain
    copies = [training_split(shared, settings, images=_copy(shared, number)) for number in range(settings.copies)]
    return concat(*[plain] * settings.copies, *copies)


def _rendered(shared: Path, part: str, name: Part, images: Path | None) -> CocoInstances:
    world = World(shared / "world" / part)
    return CocoInstances(world.root / "annotations" / f"instances_{name}.json", images=images or world.images)


def _worse(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    return corrupt(image, pick(rng, list(CORRUPTIONS)), _SEVERITY, rng)


def _copy(shared: Path, number: int) -> Path:
    return shared / "styled" / str(number)


def _restyle(
    data: CocoInstances | PascalVoc, folder: Path, number: int, settings: Dense, place: Place, progress: Progress
) -> None:
    """Writes the images again under their names, each in a style of its own; boxes and masks stay as they are."""
    device = pick_device(place.device)
    stylize = StyleRandomizer.load(alpha=settings.alpha, seed=settings.world_seed).to(device)
    with new_folder(folder) as partial:
        for first, pixels in _alike(data):
            images = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(device)  # [B, 3, H, W]
            painted = stylize(images, id=BatchId(number, first)).permute(0, 2, 3, 1).cpu()
            shown: npt.NDArray[np.uint8] = painted.contiguous().numpy()
            for row, image in enumerate(shown, start=first):
                path = partial / file_name(data, row)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encode_jpeg(image))
            progress(first + len(shown), len(data))


def _alike(data: Source) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Rows that follow each other and have one size: the first's number, and [B, H, W, 3] uint8."""
    for first in range(0, len(data), _PART):
        images = [decoded(data, row) for row in range(first, min(first + _PART, len(data)))]
        at = first
        for _, same in groupby(images, key=np.shape):
            pixels = np.stack(list(same))
            yield at, pixels
            at += len(pixels)
