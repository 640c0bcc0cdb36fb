"""Office-31 or its world, restyled copies of it, and the transfers between its domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import torch

from impasto.errors import SourceError
from impasto.files import new_folder
from impasto.sources import Office31, Source, concat
from impasto.style import StyleRandomizer
from impasto_lab.experiments.classification.arms import Arm
from impasto_lab.experiments.classification.data import CONFLICT, SOURCE
from impasto_lab.experiments.classification.restyling import Pixels, labels, pixels, restyled
from impasto_lab.experiments.classification.settings import TRANSFERS, Office31Settings
from impasto_lab.experiments.experiment import Place
from impasto_lab.experiments.narrator import Narrator
from impasto_lab.experiments.prepared import keep_to
from impasto_lab.training import pick_device
from impasto_lab.worlds import Office31Like, render_office31
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.formats.office31 import Office31Files
from impasto_lab.worlds.shifts.office31_like import DOMAINS, worn_class

#: Where the rendered images lie below the experiment's folder: what is trained on and transferred to; more pictures of
#: the same, to test on the source; and such as wear another class's looks.
_WORLD, _HELD, _CONFLICT = "world", "held-out", "cue-conflict"
_QUALITY = 92


@dataclass(frozen=True)
class Office31Data:
    """A transfer's data, as `impasto_lab.experiments.classification.data.Data` asks.

    Attributes:
        root: The experiment's folder.
        settings: Its settings.
        transfer: Of `TRANSFERS`.
    """

    root: Path
    settings: Office31Settings
    transfer: str

    @property
    def world(self) -> Path:
        """The folder of the domains."""
        if self.settings.renders:
            return self.root / _WORLD
        return Path(self.settings.data or self.root / "office31")

    @property
    def classes(self) -> Sequence[str]:
        """Names; labels count them."""
        return Office31(self.world).classes

    @property
    def kinds(self) -> tuple[str, ...]:
        """The target's images, called as the transfer; of a rendered world, the source's and those of cue conflict."""
        return (self.transfer, *(f"{self.transfer} {kind}" for kind in (SOURCE, CONFLICT) if self.settings.renders))

    @property
    def origin(self) -> str | None:
        """The source's images that are not trained on; Office-31 itself has none."""
        return f"{self.transfer} {SOURCE}" if self.settings.renders else None

    @property
    def aim(self) -> str:
        """The kind that counts: the target."""
        return self.transfer

    def train(self) -> Source:
        """The images of both sources."""
        return Office31(self.world, TRANSFERS[self.transfer][0])

    def copies(self, which: str) -> Source:
        """Restyled images of both sources."""
        one, other = list(TRANSFERS[self.transfer][0])
        if which == "other":
            parts = [
                Office31(_copies(self.root, f"other-{other}"), one),
                Office31(_copies(self.root, f"other-{one}"), other),
            ]
            return concat(*parts)
        return Office31(_copies(self.root, which), [one, other])

    def test(self, kind: str) -> Source:
        """Test images of a kind."""
        sources, target = TRANSFERS[self.transfer]
        if kind == self.transfer:
            return Office31(self.world, target)
        if kind.endswith(CONFLICT):
            return Office31(self.root / _CONFLICT, "D")
        return Office31(self.root / _HELD, sources)

    def looks(self) -> list[int]:
        """The class whose looks each of the test images of cue conflict wears."""
        data, classes = self.test(f"{self.transfer} {CONFLICT}"), list(self.classes)
        terms, found = rendering(self.settings, _CONFLICT), []
        for row in range(len(data)):
            path = PurePosixPath(str(data.facts(row)["path"]))
            number = int(path.stem.removeprefix("frame_")) - 1
            worn = worn_class(terms, "dslr", path.parent.name, number)
            found.append(-1 if worn is None else classes.index(worn))
        return found


def rendering(settings: Office31Settings, which: str) -> Office31Like:
    """How the world, its held-out pictures or those of cue conflict are rendered."""
    held = dict.fromkeys(DOMAINS, settings.held)
    return Office31Like(
        images=settings.images if which == _WORLD else held,
        side=settings.rendered,
        rho=1.0 if which == _CONFLICT else settings.rho,
        shift=settings.shift,
        clutter=settings.clutter,
        radius=settings.radius,
        conflict=which == _CONFLICT,
        seed=0 if which == _WORLD else 1,
    )


def prepare(settings: Office31Settings, place: Place, arms: Sequence[Arm]) -> None:
    """Renders domains and restyles copies, where they are not there yet.

    Args:
        settings: The experiment's.
        place: Where.
        arms: Those whose copies are made.

    Raises:
        SourceError: If real data are asked for and not there, or a domain lacks a class.
        RecipeError: If what is there was made with other settings.
    """
    data = Office31Data(place.shared, settings, next(iter(TRANSFERS)))
    if not settings.renders:
        _check(data)
    worlds = {which: rendering(settings, which) for which in (_WORLD, _HELD, _CONFLICT) if settings.renders}
    keep_to(place.shared / "prepared.json", settings.making())
    for which, terms in worlds.items():
        if not (place.shared / which).exists():
            with place.narrator.bar(f"rendering: {which}") as advance:
                render_office31(place.shared / which, terms, progress=advance)
    device = pick_device(place.device)
    if any(arm.copies == "styled" for arm in arms):
        _restyle(data, "styled", None, device, place.narrator)
    if any(arm.copies == "other" for arm in arms):
        for letter in "ADW":
            _restyle(data, f"other-{letter}", letter, device, place.narrator)


def _check(data: Office31Data) -> None:
    """Sees that each domain has each class: a network can't name what it never saw."""
    for name in DOMAINS:
        domain = Office31(data.world, name)
        lacking = [domain.classes[label] for label in sorted({*range(len(domain.classes))} - {*labels(domain)})]
        if lacking:
            names = ", ".join(lacking)
            reason = f"it has no image of {names}, which another domain has; unpack again, or remove what is no class"
            raise SourceError(reason, path=str(data.world / name))


def _copies(root: Path, which: str) -> Path:
    return root / "copies" / which


def _restyle(data: Office31Data, which: str, styles: str | None, device: torch.device, tell: Narrator) -> None:
    """Writes copies of each domain in Office-31's layout, in random styles or in those of a domain's pictures."""
    place, settings = _copies(data.root, which), data.settings
    if place.exists():
        return
    others = None if styles is None else Office31(data.world, styles)
    side = None if settings.renders else settings.side

    def style(copy: int, row: int) -> Pixels:
        assert others is not None
        return pixels(others, (row * 7 + 13 * copy + 1) % len(others), side)

    with new_folder(place) as folder:
        files = Office31Files(folder)
        for number, letter in enumerate("ADW"):
            if letter == styles:
                continue
            source = Office31(data.world, letter)
            stylize = StyleRandomizer.load(alpha=settings.alpha, seed=number).to(device)
            with tell.bar(f"restyling: {which}, {letter}") as advance:
                painted = restyled(
                    source,
                    stylize,
                    copies=settings.copies,
                    device=device,
                    styles=None if others is None else style,
                    side=side,
                    progress=advance,
                )
                for at, image in enumerate(painted):
                    facts = source.facts(at % len(source))
                    files.write(str(facts["domain"]), str(facts["class"]), encode_jpeg(image, _QUALITY))
