"""What every arm gets: encoded photographs, the crops that are drawn for them, captions."""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES, OPENAI_IMAGENET_TEMPLATES

from impasto import ops
from impasto.recipe import ImageRecipe
from impasto_lab.bench.photographs import cuts, save, write_files
from impasto_lab.bench.work import Views


def jpegs(count: int = 64) -> list[bytes]:
    """Encoded photographs of 640x480 pixels: quality 90, 4:2:0."""
    with tempfile.TemporaryDirectory(prefix="impasto-bench-") as folder:
        return [Path(path).read_bytes() for path in write_files(Path(folder), count).paths]


def encoded(
    kind: str, size: tuple[int, int], count: int, *, quality: int = 90, sampling: str = "4:2:0", seed: int = 0
) -> list[bytes]:
    """Photographs of one size in a format.

    Args:
        kind: ``"JPEG"``, ``"PNG"`` or ``"WebP"``.
        size: Width and height, in pixels.
        count: N.
        quality: Of JPEG and WebP, 1 to 95.
        sampling: Of JPEG's colours: ``"4:4:4"``, ``"4:2:2"`` or ``"4:2:0"``.
        seed: Of the parts that are cut.
    """
    found = []
    for _, picture in cuts(count, size, random.Random(seed)):
        file = io.BytesIO()
        save(picture, file, kind, quality=quality, sampling=sampling)
        found.append(file.getvalue())
    return found


def views(encoded: Sequence[bytes]) -> Views:
    """The crops and flips that our loader draws for the photographs."""
    drawn = [ops.load(jpeg, ImageRecipe(), sample=number)[1:] for number, jpeg in enumerate(encoded)]
    boxes, flips = np.array([box for box, _ in drawn]), np.array([flip for _, flip in drawn])
    assert (boxes == boxes.round()).all()
    return Views(boxes.astype(np.int64), flips)


def captions(count: int = 1000, *, seed: int = 0) -> list[str]:
    """Prompts that open_clip carries: its templates, filled with its class names."""
    draw = random.Random(seed)
    return [draw.choice(OPENAI_IMAGENET_TEMPLATES)(draw.choice(IMAGENET_CLASSNAMES)) for _ in range(count)]
