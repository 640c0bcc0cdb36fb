"""One model's representation, or two beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from impasto.checks import at_least, require
from impasto.sources import Source
from impasto_lab.experiments.analysis.embeddings.attributes import Attributes
from impasto_lab.experiments.analysis.embeddings.comparing import Moved, Neighbors, compare, middling
from impasto_lab.experiments.analysis.embeddings.embedded import Embedded
from impasto_lab.experiments.analysis.embeddings.measuring import Measured, measure
from impasto_lab.experiments.narrator import Narrator, Silent
from impasto_lab.tasks.downstream import Opened
from impasto_lab.training import pick_device


@dataclass(frozen=True, eq=False)
class Seen:
    """What one model makes of the data.

    Attributes:
        name: What it is called.
        seen: Its embeddings of the data.
        measured: In numbers.
        neighbors: The nearest of each image.
    """

    name: str
    seen: Embedded
    measured: Measured
    neighbors: Neighbors


@dataclass(frozen=True, eq=False)
class Analysis:
    """One model, or two on the same data.

    Attributes:
        models: In the order given.
        data: What was embedded, in words.
        attributes: What is known of the images besides; None if nothing is.
        colored: The attribute that maps are colored by: of those with one value an image, the one that a probe reads
            off the first model's images best, beyond chance. By another, a map would look like nothing but noise.
        moved: What becomes of neighbors from the first model to the second; None of one alone.
        shown: Rows whose neighbors are shown, by what is to be seen there.
    """

    models: Sequence[Seen]
    data: str
    attributes: Attributes | None
    colored: str | None
    moved: Moved | None
    shown: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The numbers, as JSON has them."""
        first = self.models[0].seen
        return {
            "data": self.data,
            "images": len(first.images),
            "captions": len(first.captions),
            "models": {one.name: one.measured.as_dict() for one in self.models},
            "neighbors": None if self.moved is None else self.moved.as_dict(),
            "shown": {name: first.keys[row] for name, row in self.shown.items()},
        }


def analyze(
    models: Mapping[str, Opened],
    data: Source,
    *,
    rare: Source | None = None,
    facts: Any = None,
    images: int = 500,
    neighbors: int = 10,
    device: str = "auto",
    narrator: Narrator | None = None,
) -> Analysis:
    """Embeds data by one model or two, and measures what they make of them.

    Args:
        models: By name, one or two: before and after.
        data: Images with captions.
        rare: The same of what is rare, or unseen in training; retrieval is measured on it too.
        facts: The path of what is known of the images of ``data``, see `Attributes.read`; None leaves probes out.
        images: Rows of each data set, at most.
        neighbors: Of each image.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        narrator: Is told how far it is.

    Raises:
        CheckpointError: If a model has no towers.
        RecipeError: If data are too few, or there are more models than two.
        SourceError: If data can't be read, or facts are of other images.
    """
    at_least(10, images=images)
    at_least(1, neighbors=neighbors)
    require(1 <= len(models) <= 2, f"{len(models)} models can't be looked at beside each other; give one or two")
    tell, where = narrator or Silent(), pick_device(device)
    sources = {"data": data, **({} if rare is None else {"rare": rare})}
    attributes: Attributes | None = None
    seen: list[Seen] = []
    with tell.bar("embedding and measuring") as advance:
        for number, (name, opened) in enumerate(models.items()):
            parts = {part: Embedded.of(opened, source, most=images, device=where) for part, source in sources.items()}
            own = parts["data"]
            if facts is not None and attributes is None:
                attributes = Attributes.read(facts, own.keys)
            seen.append(Seen(name, own, measure(parts, attributes), Neighbors.of(own, neighbors)))
            advance(number + 1, len(models))
    moved = None
    if len(seen) == 2:
        moved = compare(seen[0].neighbors, seen[1].neighbors, captions=len(seen[0].seen.captions))
    shown = middling(seen[0].neighbors) if moved is None else moved.shown
    return Analysis(seen, repr(data), attributes, _colored(attributes, seen[0].measured), moved, shown)


def _colored(attributes: Attributes | None, first: Measured) -> str | None:
    if attributes is None:
        return None
    read = {name: sides["images"] for name, sides in first.probes.items() if "images" in sides}
    told = {name: probe.score - probe.chance for name, probe in read.items() if name in attributes.classes}
    return max(told, key=lambda name: told[name], default=None)
