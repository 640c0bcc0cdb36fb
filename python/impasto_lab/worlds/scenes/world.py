"""Scenes as a data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.checks import choice
from impasto.progress import Progress
from impasto.streams import stream
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.formats.layout import World
from impasto_lab.worlds.formats.sample import Sample, Split
from impasto_lab.worlds.formats.writer import write_world
from impasto_lab.worlds.scenes.captions import describe
from impasto_lab.worlds.scenes.manner import MANNERS, USUAL, Manner
from impasto_lab.worlds.scenes.plan import draw_scene
from impasto_lab.worlds.scenes.rendering import render


@dataclass(frozen=True)
class Size:
    """How much there is of a world.

    Attributes:
        images: Of all splits.
        side: Height and width of an image, in pixels.
        held: Images of val, and as many of test; a tenth of all by default.
    """

    images: int
    side: int = 192
    held: int | None = None

    def split(self, number: int) -> Split:
        """The split of an image."""
        held = self.images / 10 if self.held is None else self.held
        train = self.images - 2 * held
        return "train" if number < train else "val" if number < train + held else "test"


SIZES: dict[str, Size] = {"tiny": Size(200), "small": Size(2_000), "medium": Size(20_000)}


def render_scenes(
    out: str | Path, *, size: str = "tiny", manner: str = "usual", seed: int = 0, progress: Progress | None = None
) -> World:
    """Renders the scenes world into a folder: COCO captions, Karpathy's splits and tar shards.

    Args:
        out: The folder to make.
        size: ``"tiny"`` (200 images), ``"small"`` (2,000) or ``"medium"`` (20,000).
        manner: ``"usual"``, or ``"rich"``: more things, half of the grounds plain, and long captions beside short ones.
        seed: The whole input: the same seed, size and manner give the same bytes.
        progress: Called after every image with how many are done and how many there will be.

    Raises:
        RecipeError: If there is no such size or manner.
        SourceError: See `impasto_lab.worlds.write_world`.
    """
    chosen = _size(size)
    choice("manner", manner, MANNERS)
    about: dict[str, Any] = {"seed": seed, "size": size, "side": chosen.side}
    if manner != "usual":
        about["manner"] = manner
    made = samples(size=size, manner=MANNERS[manner], seed=seed)
    return write_world(out, made, name="scenes", total=chosen.images, about=about, progress=progress)


def samples(*, size: str | Size = "tiny", manner: Manner = USUAL, seed: int = 0) -> Iterator[Sample]:
    """One to four things (shape, colour, size, texture) on a ground, with five captions each.

    No two scenes of the world show the same things on the same ground. Each shape has one colour in which it is seen in
    no image of train and val; every image of test shows such a combination.

    Args:
        size: A name, as `render_scenes` takes it, or any other `Size`.
        manner: How many things there are, on what grounds, and how they are told.
        seed: The whole input.

    Yields:
        The samples, train first; their facts hold background, things (with boxes) and whether a combination is unseen.

    Raises:
        RecipeError: If there is no such size.
    """
    chosen = _size(size)
    seen: set[tuple[Any, ...]] = set()
    for number in range(chosen.images):
        split = chosen.split(number)
        attempt = 0
        while True:
            scene = draw_scene(stream(seed, "scene", number, attempt), unseen=split == "test", manner=manner)
            if scene.signature not in seen:
                break
            attempt += 1
        seen.add(scene.signature)
        pixels = render(scene, chosen.side, stream(seed, "background", number))
        yield Sample(
            image=encode_jpeg(pixels),
            width=chosen.side,
            height=chosen.side,
            captions=describe(scene, stream(seed, "captions", number), manner.kinds),
            split=split,
            facts=scene.facts(),
        )


def _size(name: str | Size) -> Size:
    if isinstance(name, Size):
        return name
    choice("size", name, SIZES)
    return SIZES[name]
