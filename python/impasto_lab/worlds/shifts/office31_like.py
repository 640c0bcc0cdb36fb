"""31 outlines in three domains, in Office-31's folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from impasto.checks import at_least, interval, probability
from impasto.progress import Progress, silent
from impasto.streams import stream
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.formats.layout import MARK, making
from impasto_lab.worlds.formats.office31 import Office31Files
from impasto_lab.worlds.formats.text import save
from impasto_lab.worlds.scenes.rendering import render
from impasto_lab.worlds.shifts.camera import shifted
from impasto_lab.worlds.shifts.looks import Look, Terms, classes, draw_picture, own_look

CLASSES = tuple(name.replace(" ", "_") for name in classes(31))
#: As Office-31's folders are called: product shots, a good camera, a poor one.
DOMAINS = ("amazon", "dslr", "webcam")
#: JPEG qualities.
_QUALITY = {"amazon": 92, "dslr": 92, "webcam": 40}


@dataclass(frozen=True, kw_only=True)
class Office31Like:
    """How much there is of the world, and how.

    Attributes:
        images: Of each class, by domain; Office-31 has about 91, 16 and 26.
        side: Height and width, in pixels.
        rho: How often color, texture and ground are the class's own in dslr and webcam; in amazon they never are.
        shift: How far webcam's camera is from dslr's, in [0, 1].
        conflict: Whether the looks in dslr and webcam, where they are a class's own, are another class's.
        clutter: Small things of other shapes in dslr and webcam.
        radius: Smallest and largest of things there, as shares of the side.
        seed: Of everything.

    Raises:
        RecipeError: If a value makes no sense.
    """

    images: Mapping[str, int] = field(default_factory=lambda: {"amazon": 40, "dslr": 16, "webcam": 24})
    side: int = 128
    rho: float = 0.7
    shift: float = 0.5
    conflict: bool = False
    clutter: int = 2
    radius: tuple[float, float] = (0.2, 0.34)
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(1, **{f"images of {domain}": self.images.get(domain) for domain in DOMAINS})
        at_least(32, side=self.side)
        probability("rho", self.rho)
        probability("shift", self.shift)
        at_least(0, clutter=self.clutter)
        interval("radius", self.radius, 0.0, 0.5)


def render_office31(out: str | Path, settings: Office31Like, *, progress: Progress = silent) -> Path:
    """Renders 31 classes in three domains into a folder, in Office-31's layout: ``amazon/images/star/frame_0001.jpg``.

    Amazon shows a thing in the middle of white paper, in any color; dslr shows it sharply among clutter, where color,
    texture and ground often are the class's own; webcam as dslr, with half the pixels, grain, a cast and JPEG of
    quality 40. So amazon is the hardest to come to, as published.

    Args:
        out: The folder to make.
        settings: How much and how; the whole input.
        progress: Called after every image.

    Returns:
        The folder.

    Raises:
        SourceError: If the folder is there and holds something else, or can't be written.
    """
    total, done = len(CLASSES) * sum(settings.images[domain] for domain in DOMAINS), 0
    with making(out) as root:
        files = Office31Files(root)
        for domain in DOMAINS:
            for number in range(settings.images[domain]):
                for label, name in enumerate(CLASSES):
                    pixels = render_shot(settings, domain, label, number)
                    files.write(domain, name, encode_jpeg(pixels, _QUALITY[domain]))
                    done += 1
                    progress(done, total)
        save(root / MARK, {"name": "office31-like", **asdict(settings)}, indent=2)
    return Path(out)


def render_shot(settings: Office31Like, domain: str, label: int, number: int) -> npt.NDArray[np.uint8]:
    """A class's picture of a number in a domain, [side, side, 3] uint8, before it is encoded."""
    rng = stream(settings.seed, "office31-like", domain, label, number)
    scene = draw_picture(label, classes(len(CLASSES)), _terms(settings, domain), rng)
    pixels = render(scene, settings.side, rng)
    return shifted(pixels, settings.shift, rng) if domain == "webcam" else pixels


def worn_class(settings: Office31Like, domain: str, name: str, number: int) -> str | None:
    """The class whose own color, texture and ground a class's picture shows; None where they are no class's."""
    label = CLASSES.index(name)
    rng = stream(settings.seed, "office31-like", domain, label, number)
    scene = draw_picture(label, classes(len(CLASSES)), _terms(settings, domain), rng)
    look = Look(color=scene.things[0].color, texture=scene.things[0].texture, ground=scene.background)
    looks = [own_look(one) for one in range(len(CLASSES))]
    return CLASSES[looks.index(look)] if look in looks else None


def _terms(settings: Office31Like, domain: str) -> Terms:
    if domain == "amazon":
        return Terms(rho=0.0, radius=(0.3, 0.42), centered=True, ground="paper")
    return Terms(rho=settings.rho, conflict=settings.conflict, radius=settings.radius, clutter=settings.clutter)
