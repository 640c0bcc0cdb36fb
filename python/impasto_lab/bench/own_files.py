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
from impasto_lab.bench.photographs import SUFFIXES, Files, annotated, write_files
from impasto_lab.bench.settings import TrainStepTiming

#: Formats as Pillow names them, where that isn't our way.
_NAMED = {"WEBP": "WebP"}
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
        found.setdefault(kind, []).append(image)
    most = max((kind for kind in found if kind in SUFFIXES), key=lambda kind: len(found[kind]), default=None)
    if most is None:
        raise _none(data, count)
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


class OwnFiles(NamedTuple):
    """Files of a data set.

    Attributes:
        files: The files, their bytes as they were.
        left_out: How many of the rows that were looked at aren't among them, by what they are.
    """

    files: Files
    left_out: dict[str, int]


def own_files(data: Source, folder: Path, count: int, *, batch_size: int) -> OwnFiles:
    """Copies some images of a data set into a folder, with a caption each: the first of theirs, or what their class is.

    Args:
        data: The data set.
        folder: Where to write; it must exist.
        count: The most that are taken, spread over it.
        batch_size: Images of a batch: what is taken makes whole ones, and a last few are let go.

    Raises:
        RecipeError: If fewer than a batch are JPEG, PNG or WebP that Pillow opens.
    """
    names: list[str] = []
    captions: list[str] = []
    left_out: dict[str, int] = {}
    for row, kind, image in _looked_at(data, count):
        if kind not in SUFFIXES:
            left_out[kind] = left_out.get(kind, 0) + 1
            continue
        names.append(f"{len(names):06d}{SUFFIXES[kind]}")
        (folder / names[-1]).write_bytes(image)
        sample = data[row]
        words = sample.captions[:1] or (f"a photo of {sample.facts.get('class', 'something')}",)
        captions.append(words[0])
    if not names:
        raise _none(data, count)
    if len(names) < batch_size:
        more = "take more images, or a smaller batch_size" if count < len(data) else "take a smaller batch_size"
        raise RecipeError(
            f"of {min(count, len(data))} rows of {data!r} {len(names)} are JPEG, PNG or WebP that Pillow opens, fewer "
            f"than a batch of {batch_size}; {more}"
        )
    whole = len(names) - len(names) % batch_size
    for name in names[whole:]:
        (folder / name).unlink()
    return OwnFiles(annotated(folder, names[:whole], captions[:whole]), left_out)


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
        return own_files(data, folder, settings.images, batch_size=settings.batch_size).files
    return write_files(folder, settings.images, seed=settings.seed, size=(settings.width, settings.height))


def _none(data: Source, count: int) -> RecipeError:
    rows = min(count, len(data))
    return RecipeError(
        f"{data!r} has no JPEG, PNG or WebP image among {rows} of its rows that Pillow opens; `impasto info` says what "
        "is wrong with them"
    )


def _looked_at(data: Source, count: int) -> Iterator[tuple[int, str, bytes]]:
    """Row, kind and bytes of rows spread over a data set: Pillow's format, `BROKEN`, or CMYK, which few decode."""
    for row in np.unique(np.linspace(0, len(data) - 1, min(count, len(data)), dtype=np.int64)).tolist():
        image = b""
        try:
            index, at = data.find(row)
            image = index.image(at)
            with PIL.Image.open(io.BytesIO(image)) as opened:
                opened.load()
                kind = _NAMED.get(str(opened.format), opened.format or "of no format")
                kind = f"CMYK {kind}" if opened.mode == "CMYK" else kind
        except (ImpastoError, OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
            kind = BROKEN  # what is wrong with it is what `impasto info` is for
        yield row, kind, image
