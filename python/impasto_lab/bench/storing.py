"""The ways in which a comparison's images are stored: sizes, formats, qualities, samplings; shrunk and packed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from impasto import ops, sources
from impasto.jobs import PackSettings, pack
from impasto_lab.bench.photographs import SUFFIXES, Files, annotated, write_files
from impasto_lab.bench.settings import LoaderTiming, Stored

#: What shards are packed to whose images a peer reads too: no markers between which only our decoder skips.
SHRUNK = PackSettings(short_side=256)


@dataclass(frozen=True)
class Way:
    """A way to store images.

    Attributes:
        name: Format and size, and what else the ways of a comparison differ by.
        kind: ``"JPEG"``, ``"PNG"`` or ``"WebP"``.
        shape: Width and height, in pixels.
        quality: Of JPEG and WebP.
        sampling: Of JPEG's colours.
    """

    name: str
    kind: str
    shape: tuple[int, int]
    quality: int
    sampling: str


def ways(stored: Stored) -> Iterator[Way]:
    """Each way; what a format doesn't have changes none of its bytes, and makes no two ways."""
    for kind, (size, shape) in itertools.product(stored.formats, stored.shapes.items()):
        for quality in stored.qualities if kind != "PNG" else stored.qualities[:1]:
            for sampling in stored.samplings if kind == "JPEG" else stored.samplings[:1]:
                more = [f"quality {quality}"] if kind != "PNG" and len(stored.qualities) > 1 else []
                more += [sampling] if kind == "JPEG" and len(stored.samplings) > 1 else []
                yield Way(", ".join([f"{kind} of {size}", *more]), kind, shape, quality, sampling)


def photographs_in(folder: Path, settings: LoaderTiming) -> dict[str, Files]:
    """The same photographs in every way, by its name; a single one has none.

    Args:
        folder: Where to write; it must exist.
        settings: The ways, how many images, and whether they are packed too.
    """
    found = list(ways(settings))
    # A last batch that isn't whole is let go by us, and read to its end by some others.
    count = settings.images - settings.images % settings.batch_size or settings.images
    files: dict[str, Files] = {}
    for number, way in enumerate(found):
        (place := folder / str(number)).mkdir()
        name = way.name if len(found) > 1 or settings.packed else ""
        files[name] = write_files(
            place,
            count,
            seed=settings.seed,
            size=way.shape,
            kind=way.kind,
            quality=way.quality,
            sampling=way.sampling,
        )
    return with_packed(files, folder) if settings.packed else files


def with_packed(files: dict[str, Files], folder: Path) -> dict[str, Files]:
    """Each way, and after it what short side 256 holds of its images."""
    found = {}
    for number, (name, one) in enumerate(files.items()):
        found[name or "as they are"] = one
        found[", ".join(filter(None, (name, "packed")))] = _packed(one, folder / f"{number}-packed")
    return found


def _packed(files: Files, folder: Path) -> Files:
    shards = folder / "shards"
    pack(sources.open(files.annotations, images=files.folder), shards, replace(SHRUNK, shard_size=100))
    return replace(unpacked(shards, folder / "files", files), shards=shards)


def unpacked(shards: Path, into: Path, files: Files) -> Files:
    """The images of shards as files of their own, which a peer reads with less to do.

    Args:
        shards: The folder of the shards.
        into: Where to write; it must not exist.
        files: What was packed, whose captions stay.
    """
    into.mkdir(parents=True)
    data, endings = sources.open(shards), {kind.lower(): ending for kind, ending in SUFFIXES.items()}
    names = []
    for number in range(len(files)):
        image = data[number].image
        # What was small enough is as it was; all else has become JPEG.
        names.append(f"{number:06d}{endings[ops.probe(image).format]}")
        (into / names[-1]).write_bytes(image)
    return annotated(into, names, files.captions)
