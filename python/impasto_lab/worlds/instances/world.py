"""Images of several things as data sets: a source to learn from, and a target whose shortcuts are broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from impasto.checks import require
from impasto.progress import Progress, silent
from impasto.streams import stream
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.formats.layout import World
from impasto_lab.worlds.formats.sample import Sample, Split
from impasto_lab.worlds.formats.writer import write_world
from impasto_lab.worlds.instances.crowd import CLASSES, draw_crowd, seen_in, shifted
from impasto_lab.worlds.instances.settings import DETECT, Crowd
from impasto_lab.worlds.scenes.rendering import render


def write_instances(
    out: str | Path,
    crowd: Crowd = DETECT,
    *,
    images: int = 1000,
    target_images: int = 250,
    target_rho: float = 0.0,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[World, World]:
    """Renders two worlds, ``OUT/source`` and ``OUT/target``, with ``annotations/instances_{split}.json`` each.

    Shapes are the same in both. In the target, colors, textures and grounds are a class's own as often as
    ``target_rho`` says, and pictures are changed as ``crowd.shift`` says; the source's are not changed.

    Args:
        out: The folder; worlds that are there are replaced.
        crowd: How images are drawn.
        images: Of the source: eight tenths train, one tenth val, one tenth test.
        target_images: Of the target, all of them test.
        target_rho: Likewise `Crowd.rho`; 0 has no class's own color, texture or ground anywhere.
        seed: The whole input, with the arguments.
        progress: Called after every image.

    Returns:
        Source and target.

    Raises:
        SourceError: If a folder is there and holds something else, or can't be written.
        RecipeError: If there are too few images.
    """
    require(images >= 10 and target_images >= 1, f"images={images} and target_images={target_images} must be 10 and 1")
    root, total, made = Path(out), images + target_images, []
    root.mkdir(parents=True, exist_ok=True)
    parts = {
        "source": (replace(crowd, shift=0.0), images, 0),
        "target": (replace(crowd, rho=target_rho), target_images, images),
    }
    for part, (drawn, count, before) in parts.items():
        made.append(
            write_world(
                root / part,
                _samples(drawn, part, count, seed),
                name=f"instances-{part}",
                total=count,
                about={"seed": seed, **asdict(drawn)},
                formats=("coco_instances",),
                progress=lambda done, _, before=before: progress(before + done, total),  # type: ignore[misc]
            )
        )
    return made[0], made[1]


def _samples(crowd: Crowd, part: str, count: int, seed: int) -> Iterator[Sample]:
    for number in range(count):
        scene = draw_crowd(crowd, stream(seed, "crowd", part, number))
        pixels = render(scene, crowd.side, stream(seed, "ground", part, number))
        found = seen_in(scene, crowd.side)
        yield Sample(
            image=encode_jpeg(shifted(pixels, crowd.shift, stream(seed, "shift", part, number))),
            width=crowd.side,
            height=crowd.side,
            captions=(f"{', '.join(one.category for one in found)} on {scene.background}",),
            split="test" if part == "target" else _split(number / count),
            facts={
                "instances": [one.fact() for one in found],
                "categories": sorted(CLASSES),  # few images may not show all
                "background": scene.background,
            },
        )


def _split(place: float) -> Split:
    return "train" if place < 0.8 else "val" if place < 0.9 else "test"
