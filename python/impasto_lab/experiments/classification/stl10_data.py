"""STL-10 or its world, and restyled copies of the training images: what all arms and seeds share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from impasto.checks import require
from impasto.files import new_folder
from impasto.sources import Source, Stl10
from impasto.style import StyleRandomizer
from impasto_lab.experiments.classification.arms import Arm
from impasto_lab.experiments.classification.cleaning import FILE, Cleaning
from impasto_lab.experiments.classification.data import CLEAN, CONFLICT, SHIFTED, SOURCE, TEST
from impasto_lab.experiments.classification.restyling import Pixels, labels, restyled
from impasto_lab.experiments.classification.settings import CLUTTER, RADIUS, TURN, Stl10Settings
from impasto_lab.experiments.experiment import Place
from impasto_lab.experiments.narrator import Narrator
from impasto_lab.experiments.prepared import keep_to
from impasto_lab.training import pick_device
from impasto_lab.worlds import Stl10Like, Stl10World, Terms, render_stl10
from impasto_lab.worlds.formats.stl10 import Stl10Files
from impasto_lab.worlds.shifts.stl10_like import look_of


@dataclass(frozen=True)
class Stl10Data:
    """Where the data lie, as `impasto_lab.experiments.classification.data.Data` asks.

    Attributes:
        root: The experiment's folder.
        settings: Its settings.
    """

    root: Path
    settings: Stl10Settings

    def world(self, kind: str) -> Path:
        """The folder of a kind of images."""
        if not self.settings.renders:
            return Path(self.settings.data or self.root)
        return self.root / "world" / kind.replace(" ", "-")

    @property
    def classes(self) -> Sequence[str]:
        """Names; labels count them."""
        return self.uncleaned().classes

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of test images there are."""
        return (SOURCE, CLEAN, SHIFTED, CONFLICT) if self.settings.renders else (TEST,)

    @property
    def origin(self) -> str:
        """The kind that is like the training images."""
        return SOURCE if self.settings.renders else TEST

    @property
    def aim(self) -> str:
        """The kind that counts."""
        return SHIFTED if self.settings.renders else TEST

    def uncleaned(self) -> Stl10:
        """All training images."""
        return Stl10(self.world(SOURCE))

    def train(self) -> Source:
        """The training images, without those that show nothing."""
        source = self.uncleaned()
        return source[Cleaning.load(self.root).kept] if self.settings.cleans else source

    def copies(self, which: str) -> Stl10:
        """Restyled training images of an `Arm.folder`, all first copies first."""
        return Stl10(self.root / "copies" / which)

    def test(self, kind: str) -> Stl10:
        """Test images of a kind."""
        return Stl10(self.world(kind), "test")

    def looks(self) -> list[int]:
        """The class whose looks each of the test images of cue conflict wears."""
        terms = terms_of(self.settings, CONFLICT)
        return [look_of(terms, "test", row) for row in range(self.settings.test)]


def terms_of(settings: Stl10Settings, kind: str) -> Stl10Like:
    """How the world renders a kind of test images; all show the same outlines in the same places."""
    rho = {SOURCE: settings.rho, CONFLICT: 1.0}.get(kind, 0.0)
    terms = Terms(rho=rho, conflict=kind == CONFLICT, clutter=CLUTTER, turn=TURN, radius=RADIUS)
    shift = settings.shift if kind == SHIFTED else 0.0
    train = settings.train if kind in (SOURCE, SHIFTED) else 10
    noise = settings.noise if kind == SOURCE else 0.0
    return Stl10Like(train=train, test=settings.test, terms=terms, shift=shift, noise=noise)


def prepare(settings: Stl10Settings, place: Place, arms: Sequence[Arm]) -> None:
    """Renders worlds, leaves out what shows nothing, and restyles copies, where that is not done yet.

    Args:
        settings: The experiment's.
        place: Where.
        arms: Those whose copies are made.

    Raises:
        SourceError: If real data are asked for and not there.
        RecipeError: If an arm takes another domain's styles, and the data have one domain; or if what is there was made
            with other settings.
    """
    data = Stl10Data(place.shared, settings)
    if not settings.renders:
        reason = "STL-10 has one domain: leave out 'style-of-other-domain', name the other arms"
        require(all(arm.copies != "other" for arm in arms), reason)
        data.uncleaned(), data.test(TEST)
    worlds = {kind: terms_of(settings, kind) for kind in data.kinds if settings.renders}
    keep_to(place.shared / "prepared.json", settings.making())
    for kind, terms in worlds.items():
        if not data.world(kind).exists():
            with place.narrator.bar(f"rendering: {kind}") as advance:
                render_stl10(data.world(kind), terms, progress=advance)
    if settings.cleans and not (place.shared / FILE).exists():
        with place.narrator.bar("looking for images that show nothing") as advance:
            source = data.uncleaned()
            world = Stl10World(data.world(SOURCE), {"train": len(source)})
            noisy = world.noise("train").tolist() if settings.renders else None
            Cleaning.of(source, settings.limit, noisy=noisy, progress=advance).save(place.shared)
    for arm in arms:
        if arm.copies is not None and not (place.shared / "copies" / str(arm.folder)).exists():
            _restyle(data, arm, pick_device(place.device), place.narrator)


def _restyle(data: Stl10Data, arm: Arm, device: torch.device, tell: Narrator) -> None:
    settings, source = data.settings, data.train()
    stylize = StyleRandomizer.load(alpha=settings.alpha if arm.alpha is None else arm.alpha).to(device)
    shifted = Stl10(data.world(SHIFTED)) if arm.copies == "other" else None

    def style(copy: int, row: int) -> Pixels:
        assert shifted is not None
        # A picture of another thing for each copy; the shifted world's looks are of no class.
        return shifted.pixels((row * 7 + 13 * copy + 1) % len(shifted))

    place = data.root / "copies" / str(arm.folder)
    with tell.bar(f"restyling: {arm.folder}") as advance, new_folder(place) as folder:
        files, styles = Stl10Files(folder, data.classes), style if shifted is not None else None
        painted = restyled(source, stylize, copies=settings.copies, device=device, styles=styles, progress=advance)
        named = labels(source) * settings.copies
        files.write("train", painted, named)
        files.folds(len(named), 0)
