"""Images of one thing each in a folder a name, and the sentences that names are put into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from impasto.files import new_file
from impasto.sources import ImageFolder
from impasto_lab.experiments.downstream.data import prepare as prepare_scenes
from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Place
from impasto_lab.worlds import Sample, World, scenes, write_world
from impasto_lab.worlds.formats.sample import Split

#: What a thing is named by.
NAMED = ("shape", "color")
_ONE = scenes.Manner(counts=(1.0, 0.0, 0.0, 0.0))


def prepare(settings: Downstream, place: Place) -> None:
    """Renders the world that models are pretrained on, and ``named/{name}/``: one thing an image, val of combinations
    that were trained, test of others, by class; beside it ``named/{name}.txt``, the sentences.

    Raises:
        SourceError: If a folder can't be written.
    """
    prepare_scenes(settings, place)
    made = list(_things(settings))
    for name in NAMED:
        root = _root(place.shared, name)
        # Another seed than the world's: no image is one that was trained on.
        about = {"seed": settings.world_seed + 1, "total": len(made), "side": settings.world_side}
        if not root.exists() or not about.items() <= World(root).about.items():
            write_world(root, _classes(made, name), name=name, total=len(made), about=about, formats=("image_folder",))
        with new_file(sentences_of(place.shared, name)) as partial:
            partial.write_text("\n".join(_sentences(name, made)) + "\n", encoding="utf-8")


def images_of(shared: Path, name: str, split: Split) -> ImageFolder:
    """A split's images, by what they are named by."""
    return ImageFolder(_root(shared, name) / "classes" / split)


def sentences_of(shared: Path, name: str) -> Path:
    """The file of sentences, one a line, with ``{}`` where a name goes."""
    return shared / "named" / f"{name}.txt"


def _root(shared: Path, name: str) -> Path:
    return shared / "named" / name


def _things(settings: Downstream) -> Iterator[Sample]:
    size = scenes.Size(2 * settings.held, side=settings.world_side, held=settings.held)
    return scenes.samples(size=size, manner=_ONE, seed=settings.world_seed + 1)


def _classes(made: list[Sample], name: str) -> Iterator[Sample]:
    for sample in made:
        yield replace(sample, facts={**sample.facts, "class": sample.facts["things"][0][name]})


def _sentences(name: str, made: list[Sample]) -> list[str]:
    """What scenes are told like: a name beside each of the others, so that none is taken for a part of it."""
    (other,) = (one for one in NAMED if one != name)
    words = sorted({sample.facts["things"][0][other] for sample in made})
    return [f"a {word} {{}}" if other == "color" else f"a {{}} {word}" for word in words]
