"""Ten outlines in STL-10's files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from impasto.checks import at_least, probability
from impasto.progress import Progress, silent
from impasto.streams import stream
from impasto_lab.worlds.formats.layout import MARK, making
from impasto_lab.worlds.formats.stl10 import SIDE, Stl10Files
from impasto_lab.worlds.formats.text import save
from impasto_lab.worlds.scenes.rendering import render
from impasto_lab.worlds.shifts.camera import shifted, spoiled
from impasto_lab.worlds.shifts.looks import Look, Terms, classes, draw_picture, own_look

CLASSES = classes(10)


@dataclass(frozen=True, kw_only=True)
class Stl10Like:
    """How much there is of the world, and how.

    Attributes:
        train: Training images; STL-10 has 5,000.
        test: Test images; STL-10 has 8,000.
        unlabeled: Images without labels; STL-10 has 100,000. With none their file is left out.
        terms: How pictures are drawn.
        shift: How far the camera is from the source's, in [0, 1].
        noise: Share of the training and unlabeled images that show nothing, in [0, 1].
        seed: Of everything.

    Raises:
        RecipeError: If a value makes no sense.
    """

    train: int = 1000
    test: int = 1000
    unlabeled: int = 0
    terms: Terms = field(default_factory=Terms)
    shift: float = 0.0
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(10, train=self.train, test=self.test)
        at_least(0, unlabeled=self.unlabeled)
        probability("shift", self.shift)
        probability("noise", self.noise)


@dataclass(frozen=True)
class Stl10World:
    """The world on disk.

    Attributes:
        root: Its folder; ``root/stl10_binary`` is STL-10's.
        images: By split.
    """

    root: Path
    images: dict[str, int]

    @property
    def binaries(self) -> Path:
        """The folder of STL-10's files."""
        return self.root / "stl10_binary"

    def noise(self, split: str) -> npt.NDArray[np.bool_]:
        """Which images of a split show nothing, [N] bool."""
        found = np.zeros(self.images[split], bool)
        text = (self.root / f"noise_{split}.txt").read_text(encoding="utf-8")
        found[[int(row) for row in text.split()]] = True
        return found


def render_stl10(out: str | Path, settings: Stl10Like, *, progress: Progress = silent) -> Stl10World:
    """Renders ten classes of 96 x 96 pixels into a folder, in STL-10's exact layout.

    ``stl10_binary/`` holds the files of the real archive; ``noise_{split}.txt`` says which rows show nothing. A class
    is the outline of the one large thing. Row i of a split has the same outline in the same place whatever rho and
    shift are.

    Args:
        out: The folder to make.
        settings: How much and how; the whole input.
        progress: Called after every image.

    Raises:
        SourceError: If the folder is there and holds something else, or can't be written.
    """
    counts = {"train": settings.train, "test": settings.test, "unlabeled": settings.unlabeled}
    total, done = sum(counts.values()), 0
    with making(out) as root:
        folder = root / "stl10_binary"
        folder.mkdir()
        files = Stl10Files(folder, CLASSES)
        for split, count in counts.items():
            if not count:
                continue
            noisy = _noisy(settings, split, count)

            def counted(split: str = split, noisy: npt.NDArray[np.bool_] = noisy) -> Iterator[npt.NDArray[np.uint8]]:
                nonlocal done
                for row, bad in enumerate(noisy.tolist()):
                    yield render_row(settings, split, row, noise=bad)
                    done += 1
                    progress(done, total)

            labels = None if split == "unlabeled" else [label_of(row) for row in range(count)]
            files.write(split, counted(), labels)
            rows = "".join(f"{row}\n" for row in np.flatnonzero(noisy))
            (root / f"noise_{split}.txt").write_text(rows, encoding="utf-8")
        files.folds(settings.train, settings.seed)
        save(root / MARK, {"name": "stl10-like", **asdict(settings), "images": counts}, indent=2)
    return Stl10World(Path(out), counts)


def label_of(row: int) -> int:
    """The class of a row; classes take turns."""
    return row % len(CLASSES)


def render_row(settings: Stl10Like, split: str, row: int, *, noise: bool = False) -> npt.NDArray[np.uint8]:
    """One picture of the world, [96, 96, 3] uint8.

    Args:
        settings: How; its numbers of images do not matter.
        split: Of the row.
        row: Its number.
        noise: Whether it shows nothing.
    """
    rng = stream(settings.seed, "stl10-like", split, row)
    scene = draw_picture(label_of(row), CLASSES, settings.terms, rng)
    pixels = shifted(render(scene, SIDE, rng), settings.shift, stream(settings.seed, "camera", split, row))
    return spoiled(pixels, stream(settings.seed, "spoiled", split, row)) if noise else pixels


def look_of(settings: Stl10Like, split: str, row: int) -> int:
    """The class whose own color, texture and ground a row shows; -1 where they are no class's."""
    scene = draw_picture(label_of(row), CLASSES, settings.terms, stream(settings.seed, "stl10-like", split, row))
    look = Look(color=scene.things[0].color, texture=scene.things[0].texture, ground=scene.background)
    looks = [own_look(label) for label in range(len(CLASSES))]
    return looks.index(look) if look in looks else -1


def _noisy(settings: Stl10Like, split: str, count: int) -> npt.NDArray[np.bool_]:
    """Which rows show nothing, [N]; of test none."""
    noisy = np.zeros(count, bool)
    share = 0.0 if split == "test" else settings.noise
    noisy[stream(settings.seed, "noise", split).permutation(count)[: round(share * count)]] = True
    return noisy
