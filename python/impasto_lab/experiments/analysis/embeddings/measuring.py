"""What is measured of a representation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from impasto_lab.experiments.analysis.embeddings.attributes import Attributes
from impasto_lab.experiments.analysis.embeddings.embedded import Embedded
from impasto_lab.metrics import (
    Probe,
    alignment,
    chance,
    modality_gap,
    probe_classes,
    probe_presence,
    retrieval,
    uniformity,
)

#: What each score of the geometry says, and which way is better.
GEOMETRY: dict[str, str] = {
    "modality gap": "distance of the means of images and of captions; 0 to 2",
    "alignment": "mean squared distance of an image and its caption; smaller is better, 0 to 4",
    "uniformity of images": "log of the mean Gaussian potential of all pairs; lower is more even",
    "uniformity of captions": "the same of captions",
    "similarity of pairs": "mean cosine of an image and its caption",
    "similarity of others": "mean cosine of an image and captions of other images",
}


@dataclass(frozen=True)
class Measured:
    """A representation in numbers.

    Attributes:
        geometry: By the names of `GEOMETRY`.
        probes: By attribute, what a linear probe reads off ``"images"`` and off ``"captions"``.
        found: Recalls in per cent of each part (``"data"``, ``"rare"``), each searched in itself.
        chance: The recalls of a random order.
    """

    geometry: Mapping[str, float]
    probes: Mapping[str, Mapping[str, Probe]] = field(default_factory=dict)
    found: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    chance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        probes = {name: {side: probe._asdict() for side, probe in sides.items()} for name, sides in self.probes.items()}
        return {
            "geometry": dict(self.geometry),
            "probes": probes,
            "retrieval": {part: dict(recalls) for part, recalls in self.found.items()},
            "chance": {part: dict(recalls) for part, recalls in self.chance.items()},
        }


def measure(parts: Mapping[str, Embedded], attributes: Attributes | None, *, seed: int = 0) -> Measured:
    """Measures a representation.

    Args:
        parts: By name, the first is what geometry and probes are of.
        attributes: What is known of its images; None leaves the probes out.
        seed: Of the probes' parts.
    """
    seen = next(iter(parts.values()))
    return Measured(
        geometry=_geometry(seen),
        probes={} if attributes is None else dict(_probes(seen, attributes, seed)),
        found={name: retrieval(one.images @ one.captions.T, one.image_of).as_dict() for name, one in parts.items()},
        chance={name: chance(one.image_of) for name, one in parts.items()},
    )


def _geometry(seen: Embedded) -> dict[str, float]:
    cosines = seen.images @ seen.captions.T  # [N, M]
    own = seen.image_of[None, :] == np.arange(len(seen.images))[:, None]
    values = (
        modality_gap(seen.images, seen.captions),
        alignment(seen.images[seen.image_of], seen.captions),
        uniformity(seen.images),
        uniformity(seen.captions),
        float(cosines[own].mean()),
        float(cosines[~own].mean()),
    )
    return dict(zip(GEOMETRY, values, strict=True))


def _probes(seen: Embedded, attributes: Attributes, seed: int) -> list[tuple[str, dict[str, Probe]]]:
    # Captions of one image stay on one side: they say the same.
    owners = seen.image_of
    sides = {"images": (seen.images, np.arange(len(seen.images))), "captions": (seen.captions, owners)}
    rows = []
    for name, classes in attributes.classes.items():
        found = {
            side: probe_classes(features, classes[of], seed=seed, groups=of) for side, (features, of) in sides.items()
        }
        rows.append((name, found))
    for name, present in attributes.present.items():
        found = {
            side: probe_presence(features, present[of], seed=seed, groups=of) for side, (features, of) in sides.items()
        }
        rows.append((name, found))
    known = ((name, {side: one for side, one in found.items() if one is not None}) for name, found in rows)
    return [(name, found) for name, found in known if found]
