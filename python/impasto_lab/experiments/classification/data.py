"""What all arms and seeds share: the world, and restyled copies of its training images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from impasto.batch import BatchId
from impasto.files import new_folder
from impasto.sources import Stl10
from impasto.style import StyleRandomizer
from impasto_lab.experiments.classification.arms import Arm
from impasto_lab.experiments.classification.settings import CLUTTER, RADIUS, TURN, Stl10Settings
from impasto_lab.experiments.experiment import Place
from impasto_lab.experiments.narrator import Narrator
from impasto_lab.training import pick_device
from impasto_lab.worlds import Stl10Like, Terms, render_stl10
from impasto_lab.worlds.formats.stl10 import Stl10Files

#: Images restyled at a time.
_AT_ONCE = 50
#: The kinds of test images of a rendered world: as trained on; without a shortcut; without one and by another camera;
#: with another class's shortcut; and STL-10's own.
SOURCE, CLEAN, SHIFTED, CONFLICT, TEST = "source", "no shortcut", "shifted", "cue conflict", "test"


@dataclass(frozen=True)
class Stl10Data:
    """Where an experiment's data lie.

    Attributes:
        root: The experiment's folder.
        settings: Its settings.
    """

    root: Path
    settings: Stl10Settings

    def world(self, kind: str) -> Path:
        """The folder of a kind of images."""
        return self.root if self.settings.real else self.root / "world" / kind.replace(" ", "-")

    def train(self) -> Stl10:
        """The training images."""
        return Stl10(self.world(SOURCE))

    def copies(self, which: str) -> Stl10:
        """Restyled training images of an `Arm.folder`, all first copies first."""
        return Stl10(self.root / "copies" / which)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of test images there are."""
        return (TEST,) if self.settings.real else (SOURCE, CLEAN, SHIFTED, CONFLICT)

    def test(self, kind: str) -> Stl10:
        """Test images of a kind."""
        return Stl10(self.world(kind), "test")


def terms_of(settings: Stl10Settings, kind: str) -> Stl10Like:
    """How the world renders a kind of test images; all show the same outlines in the same places."""
    rho = {SOURCE: settings.rho, CONFLICT: 1.0}.get(kind, 0.0)
    terms = Terms(rho=rho, conflict=kind == CONFLICT, clutter=CLUTTER, turn=TURN, radius=RADIUS)
    shift = settings.shift if kind == SHIFTED else 0.0
    train = settings.train if kind in (SOURCE, SHIFTED) else 10
    return Stl10Like(train=train, test=settings.test, terms=terms, shift=shift)


def prepare(settings: Stl10Settings, place: Place, arms: Sequence[Arm]) -> None:
    """Renders worlds and restyles copies, where they are not there yet.

    Args:
        settings: The experiment's.
        place: Where.
        arms: Those whose copies are made.

    Raises:
        SourceError: If real data are asked for and not there.
    """
    data = Stl10Data(place.shared, settings)
    if settings.real:
        data.train(), data.test(TEST)
    for kind in () if settings.real else data.kinds:
        if not data.world(kind).exists():
            with place.narrator.bar(f"rendering: {kind}") as advance:
                render_stl10(data.world(kind), terms_of(settings, kind), progress=advance)
    for arm in arms:
        known = arm.copies == "styled" or (arm.copies == "other" and not settings.real)
        if known and not (place.shared / "copies" / str(arm.folder)).exists():
            _restyle(data, arm, pick_device(place.device), place.narrator)


def _restyle(data: Stl10Data, arm: Arm, device: torch.device, tell: Narrator) -> None:
    settings, source = data.settings, data.train()
    stylize = StyleRandomizer.load(alpha=settings.alpha if arm.alpha is None else arm.alpha).to(device)
    styles = Stl10(data.world(SHIFTED)) if arm.copies == "other" else None
    place = data.root / "copies" / str(arm.folder)
    with tell.bar(f"restyling: {arm.folder}") as advance, new_folder(place) as folder:

        def painted() -> Iterator[npt.NDArray[np.uint8]]:
            for copy in range(settings.copies):
                for first in range(0, len(source), _AT_ONCE):
                    rows = range(first, min(first + _AT_ONCE, len(source)))
                    options: dict[str, Any] = {}
                    if styles is not None:
                        # Another class's picture, of another place for each copy.
                        picks = [(row * 7 + 13 * copy + 1) % len(styles) for row in rows]
                        options["styles"] = _tensor(styles, picks).to(device)
                    images = stylize(_tensor(source, rows).to(device), id=BatchId(epoch=copy, step=first), **options)
                    yield from images.permute(0, 2, 3, 1).cpu().numpy()
                    advance(copy * len(source) + rows.stop, settings.copies * len(source))

        labels = [int(source.find(row)[0].label(0) or 0) for row in range(len(source))]
        files = Stl10Files(folder, source.classes)
        files.write("train", painted(), labels * settings.copies)
        files.folds(len(labels) * settings.copies, 0)


def _tensor(source: Stl10, rows: Any) -> torch.Tensor:
    """[B, 3, 96, 96] uint8."""
    return torch.from_numpy(np.stack([source.pixels(row) for row in rows])).permute(0, 3, 1, 2).contiguous()
