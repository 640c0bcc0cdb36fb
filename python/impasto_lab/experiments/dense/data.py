"""The worlds that all pieces share, and copies of the training images in other styles."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from impasto.batch import BatchId
from impasto.errors import RecipeError
from impasto.files import new_folder
from impasto.ops import decode
from impasto.progress import Progress
from impasto.sources import CocoInstances, Source, concat
from impasto.style import StyleRandomizer
from impasto_lab.experiments.dense.settings import Dense
from impasto_lab.experiments.experiment import Place
from impasto_lab.training import pick_device
from impasto_lab.worlds import World, write_instances
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.formats.sample import Split

_PART = 32
#: What the worlds and the copies depend on.
_MAKING = ("crowd", "images", "target_images", "world_seed", "alpha", "copies")


def prepare(settings: Dense, place: Place) -> None:
    """Renders source and target, and restyles the training images; what is there is used as it is.

    Raises:
        RecipeError: If what is there was made with other settings.
    """
    world, note = place.shared / "world", place.shared / "prepared.json"
    made = json.dumps({name: asdict(settings)[name] for name in _MAKING}, indent=2) + "\n"
    if not note.exists():
        note.write_text(made, encoding="utf-8")
    if note.read_text(encoding="utf-8") != made:
        reason = "the world was rendered with other settings; choose another folder, or remove it"
        raise RecipeError(reason, path=str(note))
    if not world.exists():
        with place.narrator.bar("rendering source and target") as advance, new_folder(world) as partial:
            write_instances(
                partial,
                settings.crowd,
                images=settings.images,
                target_images=settings.target_images,
                seed=settings.world_seed,
                progress=advance,
            )
    for number in range(settings.copies):
        folder = _copy(place.shared, number)
        if not folder.exists():
            with place.narrator.bar(f"restyling, copy {number + 1} of {settings.copies}") as advance:
                _restyle(split(place.shared, "source", "train"), folder, number, settings, place, advance)


def split(shared: Path, part: str, name: Split, *, images: Path | None = None) -> CocoInstances:
    """A split of the source or of the target; its images from another folder, if one is given."""
    world = World(shared / "world" / part)
    annotations = world.root / "annotations" / f"instances_{name}.json"
    return CocoInstances(annotations, images=images or world.images)


def training_data(shared: Path, settings: Dense, *, styled: bool) -> Source:
    """What an arm trains on: the images, or as many restyled copies of them as images, drawn alike."""
    plain = split(shared, "source", "train")
    if not styled:
        return plain
    copies = [split(shared, "source", "train", images=_copy(shared, number)) for number in range(settings.copies)]
    return concat(*[plain] * settings.copies, *copies)


def _copy(shared: Path, number: int) -> Path:
    return shared / "styled" / str(number)


def _restyle(data: CocoInstances, folder: Path, number: int, settings: Dense, place: Place, progress: Progress) -> None:
    """Writes the images again under their names, each in a style of its own; boxes and masks stay as they are."""
    device = pick_device(place.device)
    stylize = StyleRandomizer.load(alpha=settings.alpha, seed=settings.world_seed).to(device)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with new_folder(folder) as partial:
        for first in range(0, len(data), _PART):
            rows = range(first, min(first + _PART, len(data)))
            pixels = np.stack([decode(data[row].image) for row in rows])  # [B, H, W, 3]
            images = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(device)
            painted = stylize(images, id=BatchId(number, first // _PART)).permute(0, 2, 3, 1).cpu()
            shown: npt.NDArray[np.uint8] = painted.contiguous().numpy()
            for row, image in zip(rows, shown, strict=True):
                (partial / str(data.facts(row)["file_name"])).write_bytes(encode_jpeg(image))
            progress(rows.stop, len(data))
