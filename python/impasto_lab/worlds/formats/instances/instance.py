"""One thing that an image shows, with its box and mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as runs

from impasto.errors import RecipeError
from impasto.sources import Masks
from impasto_lab.worlds.formats.sample import Sample


@dataclass(frozen=True)
class Instance:
    """One thing that an image shows.

    Attributes:
        category: The name of its class.
        mask: [H, W] bool: the pixels where it is seen; at least one.
    """

    category: str
    mask: npt.NDArray[np.bool_]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what is seen, in pixels."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    def fact(self) -> dict[str, Any]:
        """The thing as JSON values: the mask as COCO's run lengths, the box as left, top, width and height."""
        left, top, right, bottom = self.box
        drawn = runs.encode(np.asfortranarray(self.mask.astype(np.uint8)))
        return {
            "category": self.category,
            "bbox": [left, top, right - left, bottom - top],
            "area": int(self.mask.sum()),
            "segmentation": {"size": list(self.mask.shape), "counts": drawn["counts"].decode("ascii")},
        }

    @classmethod
    def of(cls, fact: dict[str, Any]) -> Instance:
        """The thing that a fact tells of."""
        drawn = fact["segmentation"]
        return cls(fact["category"], Masks([drawn], *drawn["size"]).pixels()[0])


def instances_of(sample: Sample, number: int, world: str) -> list[dict[str, Any]]:
    """The things that a sample shows, as facts.

    Raises:
        RecipeError: If it has none written down.
    """
    if "instances" not in sample.facts:
        raise RecipeError(f"sample {number} of {world} has no fact 'instances'; write another format")
    found: list[dict[str, Any]] = sample.facts["instances"]
    return found


def categories_of(sample: Sample) -> set[str]:
    """The names of the categories of a sample's things, and of all that its world has (the fact ``categories``)."""
    return {one["category"] for one in sample.facts["instances"]} | set(sample.facts.get("categories", ()))
