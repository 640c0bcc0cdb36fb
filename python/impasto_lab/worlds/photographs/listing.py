"""Which photographs there are, what is on them and where: `catalogue.toml`, read."""

from __future__ import annotations

import importlib.util
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.errors import MissingExtraError

Box = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Region:
    """A part of a photograph that has captions of its own.

    Attributes:
        name: Unique in its photograph; ``"whole"`` is all of it.
        box: Left, top, right and bottom in pixels, or None for the whole photograph.
        captions: Phrases in the catalogue's notation; see `impasto_lab.worlds.photographs.phrases.read`.
    """

    name: str
    box: Box | None
    captions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """A photograph that an installed package carries.

    Attributes:
        name: Unique in the catalogue.
        file: ``package/path`` of the image.
        credit: Who made it.
        licence: Under which terms.
        gray: It has no colours.
        flip: It may be mirrored.
        held_out: Nothing is trained on it.
        regions: The whole photograph first, then its parts.
    """

    name: str
    file: str
    credit: str
    licence: str
    gray: bool
    flip: bool
    held_out: bool
    regions: tuple[Region, ...]

    def load(self) -> npt.NDArray[np.uint8]:
        """Its pixels: [H, W, 3] uint8, RGB; a gray photograph has three equal channels.

        Raises:
            MissingExtraError: If the package that carries it is not installed.
        """
        with PIL.Image.open(carried_by_package(self.file)) as image:
            return np.asarray(image.convert("RGB"))


def carried_by_package(file: str) -> Path:
    """Where a file lies that an installed package carries.

    Args:
        file: The package and the path within, such as ``"skimage/data/coffee.png"``.

    Raises:
        MissingExtraError: If it is not there.
    """
    package, _, inside = file.partition("/")
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or []
    path = next((found for folder in folders if (found := Path(folder) / inside).exists()), None)
    if path is None:
        raise MissingExtraError(f"{file} is not installed; pip install 'impasto[lab]'", path=file)
    return path


@cache
def catalogue() -> tuple[Photograph, ...]:
    """All photographs, in the catalogue's order."""
    document = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))
    return tuple(_photograph(entry) for entry in document["photograph"])


def _photograph(entry: dict[str, Any]) -> Photograph:
    whole = Region(name="whole", box=None, captions=tuple(entry["captions"]))
    parts = [
        Region(name=part["name"], box=tuple(part["box"]), captions=tuple(part["captions"]))
        for part in entry.get("region", [])
    ]
    return Photograph(
        name=entry["name"],
        file=entry["file"],
        credit=entry["credit"],
        licence=entry["licence"],
        gray=entry.get("gray", False),
        flip=entry.get("flip", True),
        held_out=entry.get("held_out", False),
        regions=(whole, *parts),
    )
