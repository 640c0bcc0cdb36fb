"""The page of detection and segmentation: claims, means, losses, and what each arm finds in the target's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageDraw
import torch

from impasto.batch import Batch
from impasto.loading import label_maps, targets
from impasto_lab.experiments.dense.data import held_out, test_split, training_split
from impasto_lab.experiments.dense.running import build
from impasto_lab.experiments.dense.settings import Dense
from impasto_lab.experiments.paging import arms_of, write_page
from impasto_lab.experiments.results import Results
from impasto_lab.report.pictures import contact_png
from impasto_lab.report.plots import LINES, curves_png
from impasto_lab.training import Checkpoints, read_metrics
from impasto_lab.training.checkpoint import load_weights

Pixels = npt.NDArray[np.uint8]
#: Images that are shown, how much larger, and the score from which a box is.
_SHOWN, _LARGER, _SURE = 5, 2, 0.3


def write_pages(results: Results, folder: Path) -> None:
    """Writes ``report.html`` with its pictures as ``*.png``; without them, where all was taken from other evidence.

    Args:
        results: Of an experiment whose trainings left checkpoints in their folders.
        folder: The experiment's.

    Raises:
        CheckpointError: If one of them is damaged.
    """
    settings: Dense = results.settings
    trained = _trained(results, folder)
    if not trained:
        write_page(results, folder, {})
        return
    target = held_out(folder, settings)["target"]
    # What was trained on: a target of few images may list fewer classes.
    classes, own = training_split(folder, settings).classes, test_split(folder, settings, "target").classes
    batch = next(iter(target))
    pictures = {"losses": curves_png(_losses(trained), x="step", y="loss", size=(7.2, 3.4))}
    pictures["the truth, in the target"] = contact_png(_truth(batch, classes, [classes.index(one) for one in own]))
    for arm, place in trained.items():
        if (shown := _found(place, batch, classes, settings)) is not None:
            pictures[f"what is found, {arm}"] = contact_png(shown)
    for title, content in pictures.items():
        (folder / f"{title.replace(',', '').replace(' ', '-')}.png").write_bytes(content)
    write_page(results, folder, pictures)


def draw_boxes(image: Pixels, boxes: npt.ArrayLike, names: Sequence[str], numbers: Sequence[int]) -> Pixels:
    """An image with boxes and the names of what is in them, each class in a color of its own.

    Args:
        image: [H, W, 3] uint8; the drawing is larger.
        boxes: [N, 4], left, top, right and bottom in pixels.
        names: N names.
        numbers: N numbers of classes.
    """
    picture = PIL.Image.fromarray(image).resize((_LARGER * image.shape[1], _LARGER * image.shape[0]))
    drawing = PIL.ImageDraw.Draw(picture)
    for box, name, number in zip(np.asarray(boxes).tolist(), names, numbers, strict=True):
        left, top, right, bottom = (_LARGER * value for value in box)
        color = LINES[number % len(LINES)]
        drawing.rectangle((left, top, max(right, left), max(bottom, top)), outline=color, width=2)
        drawing.text((left + 2, top), name, fill=color)
    return np.asarray(picture)


def paint_map(image: Pixels, classes: npt.NDArray[np.int64]) -> Pixels:
    """An image under the colors of its classes.

    Args:
        image: [H, W, 3] uint8; the drawing is larger.
        classes: [H, W], 0 for the ground.
    """
    colors = np.array([_rgb(LINES[number % len(LINES)]) for number in range(int(classes.max()) + 1)])
    painted = np.where(classes[..., None] > 0, 0.4 * image + 0.6 * colors[classes - 1], image)
    larger: Pixels = np.rint(painted).astype(np.uint8).repeat(_LARGER, axis=0).repeat(_LARGER, axis=1)
    return larger


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _images(batch: Batch) -> list[Pixels]:
    """The first images of a batch, [H, W, 3] uint8 each."""
    shown: Pixels = (batch.images[:_SHOWN].permute(0, 2, 3, 1) * 255).round().byte().numpy()
    return list(shown)


def _truth(batch: Batch, classes: Sequence[str], own: Sequence[int]) -> list[Pixels]:
    """What the first images show; ``own`` has the places in ``classes`` of the data's own classes."""
    images = _images(batch)
    if "boxes" in batch.fields:
        shown = []
        for image, one in zip(images, targets(batch, visible=0.0)[: len(images)], strict=True):
            numbers = [own[int(label) - 1] for label in one["labels"]]
            shown.append(draw_boxes(image, one["boxes"].numpy(), [classes[number] for number in numbers], numbers))
        return shown
    table = np.zeros(256, np.int64)  # what counts for nothing is shown as the ground
    table[1 : len(own) + 1] = np.array(own) + 1
    maps = label_maps(batch).numpy()[: len(images)]  # [N, H, W]
    return [paint_map(image, table[drawn]) for image, drawn in zip(images, maps, strict=True)]


@torch.no_grad()
def _found(place: Path, batch: Batch, classes: Sequence[str], settings: Dense) -> list[Pixels] | None:
    """What the network of a training finds; None where its weights are gone."""
    newest = Checkpoints(place / "checkpoints").latest()
    if newest is None:
        return None
    model = build(settings, len(classes))
    load_weights(newest, model)
    model.eval()
    images, answers = _images(batch), model(batch.images[:_SHOWN])
    if not settings.detects:
        maps = answers["out"].argmax(dim=1).numpy()  # [B, H, W]
        return [paint_map(image, drawn) for image, drawn in zip(images, maps, strict=True)]
    shown = []
    for image, one in zip(images, answers, strict=True):
        sure = one["scores"] > _SURE
        numbers = [int(label) - 1 for label in one["labels"][sure]]
        shown.append(draw_boxes(image, one["boxes"][sure].numpy(), [classes[number] for number in numbers], numbers))
    return shown


def _trained(results: Results, folder: Path) -> dict[str, Path]:
    """By arm, the folder of its first training that ran here; evidence of others that was taken over has none."""
    places: dict[str, Path] = {}
    for piece in sorted(results.measured):
        if (folder / piece.name / "checkpoints").exists():
            places.setdefault(piece.arm, folder / piece.name)
    return {arm: places[arm] for arm in arms_of(results) if arm in places}


def _losses(trained: Mapping[str, Path]) -> Mapping[str, tuple[Sequence[float], Sequence[float]]]:
    """By arm: steps, and a training's losses."""
    lines = {}
    for arm, place in trained.items():
        records = read_metrics(place / "metrics.jsonl")
        points = [(float(record["step"]), float(record["loss"])) for record in records if "loss" in record]
        steps, losses = zip(*points, strict=True) if points else ((), ())
        lines[arm] = (steps, losses)
    return lines
