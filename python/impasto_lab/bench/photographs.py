"""The photographs that scikit-image and scikit-learn carry, as files with captions."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import skimage.data
from sklearn.datasets import load_sample_image

#: skimage.data's colour photographs that its wheel carries, with what is on them.
_SKIMAGE = {
    "astronaut": "an astronaut in an orange suit",
    "coffee": "a cup of coffee on a wooden table",
    "chelsea": "a ginger cat with green eyes",
    "rocket": "a rocket on its launch pad at night",
    "hubble_deep_field": "a field of distant galaxies",
    "retina": "the blood vessels of a human retina",
}
_SKLEARN = {"china.jpg": "a temple roof under a blue sky", "flower.jpg": "a red flower with a yellow heart"}

#: Formats that benches take, with what their files' names end in.
SUFFIXES: Mapping[str, str] = MappingProxyType({"JPEG": ".jpg", "PNG": ".png", "WebP": ".webp"})

_OPENINGS = ("a photo of", "a close-up of", "a picture showing", "a detailed view of", "a cropped photo of", "here is")
_ENDINGS = (
    "taken in the early morning",
    "with a dark background",
    "seen from the left side",
    "in bright, warm light",
    "next to an empty chair",
    "while people are walking past",
    "that someone's grandmother liked",
    "as printed in a 1998 magazine",
    "with its colours slightly faded",
    "framed by two wooden posts",
)


@dataclass(frozen=True)
class Files:
    """Files of images with one caption each.

    Attributes:
        folder: The folder that the names are relative to.
        names: N file names.
        captions: N captions.
        kinds: What there is among them of JPEG, PNG and WebP.
        shards: A folder of shards with the same images and captions, which our loader reads in the files' place.
    """

    folder: Path
    names: tuple[str, ...]
    captions: tuple[str, ...]
    kinds: frozenset[str] = frozenset({"JPEG"})
    shards: Path | None = None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def annotations(self) -> Path:
        """The same captions as COCO captions JSON."""
        return self.folder / "captions.json"

    @property
    def paths(self) -> list[str]:
        """N paths."""
        return [str(self.folder / name) for name in self.names]

    def rows(self, numbers: Iterable[int] | None = None) -> Iterator[tuple[int, bytes, str]]:
        """Number, encoded image and caption of some files, or of all: what other formats are written from."""
        for number in range(len(self)) if numbers is None else numbers:
            yield number, (self.folder / self.names[number]).read_bytes(), self.captions[number]


def photographs() -> list[tuple[str, npt.NDArray[np.uint8]]]:
    """The photographs.

    Returns:
        What is on each, and its pixels [H, W, 3] uint8.
    """
    taken = [(what, getattr(skimage.data, name)()) for name, what in _SKIMAGE.items()]
    taken += [(what, load_sample_image(name)) for name, what in _SKLEARN.items()]
    return [(what, np.ascontiguousarray(pixels[..., :3])) for what, pixels in taken]


def write_files(
    folder: Path,
    count: int,
    *,
    seed: int = 0,
    size: tuple[int, int] = (640, 480),
    kind: str = "JPEG",
    quality: int = 90,
    sampling: str = "4:2:0",
) -> Files:
    """Cuts the photographs into files of one size with a caption each.

    Each file is another random part of a photograph, resized, and half of them are mirrored.

    Args:
        folder: Where to write; it must exist.
        count: Number of files, N.
        seed: Key of all cuts and captions.
        size: Width and height, in pixels.
        kind: ``"JPEG"``, ``"PNG"`` or ``"WebP"``.
        quality: Of JPEG and WebP, 1 to 95.
        sampling: Of JPEG's colours: ``"4:4:4"``, ``"4:2:2"`` or ``"4:2:0"``.
    """
    draw = random.Random(seed)
    names, captions = [], []
    for number, (what, cut) in enumerate(cuts(count, size, draw)):
        names.append(f"{number:06d}{SUFFIXES[kind]}")
        save(cut, folder / names[-1], kind, quality=quality, sampling=sampling)
        captions.append(f"{draw.choice(_OPENINGS)} {what}, {draw.choice(_ENDINGS)}")
    return annotated(folder, names, captions)


def save(picture: PIL.Image.Image, file: Path | IO[bytes], kind: str, *, quality: int, sampling: str) -> None:
    """Encodes a picture; what a format doesn't have is left out."""
    known: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": quality, "subsampling": sampling},
        "WebP": {"quality": quality},
    }
    picture.save(file, kind, **known.get(kind, {}))


def annotated(folder: Path, names: Sequence[str], captions: Sequence[str]) -> Files:
    """Files of a folder with the captions of each, which are written beside them as COCO captions JSON.

    Names end in one of `SUFFIXES`, which says what a file is.
    """
    kinds = frozenset(kind for kind, ending in SUFFIXES.items() if any(name.endswith(ending) for name in names))
    files = Files(folder, tuple(names), tuple(captions), kinds)
    document = {
        "images": [{"id": number, "file_name": name} for number, name in enumerate(names)],
        "annotations": [
            {"id": number, "image_id": number, "caption": caption} for number, caption in enumerate(captions)
        ],
    }
    files.annotations.write_text(json.dumps(document), encoding="utf-8")
    return files


def pixels(count: int, side: int, *, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Square parts of the photographs.

    Args:
        count: N.
        side: S, in pixels.
        seed: Of the parts that are cut.

    Returns:
        [N, S, S, 3].
    """
    return np.stack([np.asarray(picture) for _, picture in cuts(count, (side, side), random.Random(seed))])


def cuts(count: int, size: tuple[int, int], draw: random.Random) -> Iterator[tuple[str, PIL.Image.Image]]:
    """Parts of the photographs, resized to one size, half of them mirrored.

    Args:
        count: Number of parts, N.
        size: Width and height, in pixels.
        draw: What parts are drawn with.

    Yields:
        What is on each, and the picture.
    """
    taken = [(what, PIL.Image.fromarray(pixels)) for what, pixels in photographs()]
    for number in range(count):
        what, photograph = taken[number % len(taken)]
        cut = photograph.resize(size, PIL.Image.Resampling.BICUBIC, box=_part(photograph.size, size, draw))
        yield what, cut.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT) if draw.random() < 0.5 else cut


def _part(whole: tuple[int, int], shape: tuple[int, int], draw: random.Random) -> Any:
    """A random box of the shape's aspect, at least three fifths of the largest that fits."""
    scale = min(whole[0] / shape[0], whole[1] / shape[1]) * draw.uniform(0.6, 1.0)
    width, height = shape[0] * scale, shape[1] * scale
    left, top = draw.uniform(0, whole[0] - width), draw.uniform(0, whole[1] - height)
    return left, top, left + width, top + height
