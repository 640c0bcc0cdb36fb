"""Somebody's own data as benches take them: encoded images, pixels of one size, files with a caption each."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto import ops
from impasto.errors import ImpastoError, RecipeError
from impasto.recipe import ImageRecipe
from impasto.sources import Source
from impasto_lab.bench.photographs import Files, annotated, write_files
from impasto_lab.bench.settings import TrainStepTiming

#: Formats that benches take, as Pillow names them, with what their files' names end in.
KINDS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}


#: What images are called that don't open.
BROKEN = "broken"


class OwnImages(NamedTuple):
    """Images of a data set.

    Attributes:
        kind: ``"JPEG"``, ``"PNG"`` or ``"WebP"``.
        images: Their bytes.
        left_out: How many of the rows that were looked at aren't among them, by what they are.
    """

    kind: str
    images: list[bytes]
    left_out: dict[str, int]


def own_images(data: Source, count: int) -> OwnImages:
    """Some images of a data set, spread over it, all of the format that most of them have, in RGB or gray.

    Args:
        data: The data set.
        count: The most that are taken.

    Raises:
        RecipeError: If none of them is a JPEG, PNG or WebP that Pillow opens.
    """
    found: dict[str, list[bytes]] = {}
    for _, kind, image in _looked_at(data, count):
        found.setdefault({"WEBP": "WebP"}.get(kind, kind), []).append(image)
    most = max((kind for kind in found if kind.upper() in KINDS), key=lambda kind: len(found[kind]), default=None)
    if most is None:
        raise RecipeError(
            f"{data!r} has no JPEG, PNG or WebP image among {min(count, len(data))} of its rows that Pillow opens"
        )
    return OwnImages(most, found.pop(most), {kind: len(images) for kind, images in sorted(found.items())})


def own_pixels(images: Sequence[bytes], count: int, side: int) -> npt.NDArray[np.uint8]:
    """The middle of each of somebody's images, resized; where there are fewer, they come again.

    Args:
        images: Encoded.
        count: N.
        side: S, in pixels.

    Returns:
        [N, S, S, 3].
    """
    recipe = ImageRecipe(size=side, crop="center")
    found = [ops.load(image, recipe)[0] for image in images]
    return np.stack([found[place % len(found)] for place in range(count)])


def own_files(data: Source, folder: Path, count: int, *, least: int) -> Files:
    """Copies some images of a data set into a folder, with a caption each: the first of theirs, or what their class is.

    Args:
        data: The data set.
        folder: Where to write; it must exist.
        count: The most that are taken, spread over it.
        least: What makes an epoch.

    Raises:
        RecipeError: If fewer than ``least`` are JPEG, PNG or WebP that Pillow opens.
    """
    names: list[str] = []
    captions: list[str] = []
    for row, kind, image in _looked_at(data, count):
        if kind not in KINDS:
            continue
        names.append(f"{len(names):06d}{KINDS[kind]}")
        (folder / names[-1]).write_bytes(image)
        sample = data[row]
        words = sample.captions[:1] or (f"a photo of {sample.facts.get('class', 'something')}",)
        captions.append(words[0])
    if len(names) < least:
        more = "take more images, or a smaller batch_size" if count < len(data) else "take a smaller batch_size"
        raise RecipeError(
            f"of {min(count, len(data))} rows of {data!r} {len(names)} are JPEG, PNG or WebP that Pillow opens, fewer "
            f"than a batch of {least}; {more}"
        )
    return annotated(folder, names, captions)


def files_of(data: Source | None, folder: Path, settings: TrainStepTiming) -> Files:
    """The files that training steps are fed with: a data set's, or photographs of one size.

    Args:
        data: The data set, or None for photographs.
        folder: Where to write; it must exist.
        settings: How many, and how large photographs are.

    Raises:
        RecipeError: If fewer than a batch are JPEG, PNG or WebP that Pillow opens.
    """
    if data is not None:
        return own_files(data, folder, settings.images, least=settings.batch_size)
    return write_files(folder, settings.images, seed=settings.seed, size=(settings.width, settings.height))


def _looked_at(data: Source, count: int) -> Iterator[tuple[int, str, bytes]]:
    """Row, kind and bytes of rows spread over a data set: Pillow's format, `BROKEN`, or CMYK, which few decode."""
    for row in np.unique(np.linspace(0, len(data) - 1, min(count, len(data)), dtype=np.int64)).tolist():
        image = b""
        try:
            index, at = data.find(row)
            image = index.image(at)
            with PIL.Image.open(io.BytesIO(image)) as opened:
                opened.load()
                kind = opened.format or "of no format" if opened.mode != "CMYK" else f"CMYK {opened.format}"
        except (ImpastoError, OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
            kind = BROKEN  # what is wrong with it is what `impasto info` is for
        yield row, kind, image
