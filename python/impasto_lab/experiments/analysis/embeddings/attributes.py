"""What is known of images besides their captions, as probes are asked about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto.checks import require
from impasto.errors import SourceError

#: What worlds call the things in an image.
_THINGS = "things"


@dataclass(frozen=True, eq=False)
class Attributes:
    """What is known of N images.

    Attributes:
        classes: By name, [N]: what each image is, such as its ground.
        present: By name, [N, A] bool: which of A things it shows, such as colors.
    """

    classes: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    present: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, keys: Sequence[str]) -> Attributes:
        """Reads what is known of images from a file of facts, such as a world's.

        A line is a JSON object with the image's ``id``. Its words, whole numbers and truths are classes; the list
        of its ``things``, objects, gives their number as a class, and each word of theirs as what the image shows.
        Other lists (questions, captions) aren't about pixels, and are left out.

        Args:
            path: One object a line.
            keys: N keys of images, in order.

        Raises:
            SourceError: If it can't be read, or doesn't know an image.
        """
        known: dict[str, dict[str, Any]] = {}
        try:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                fact = json.loads(line)
                require(isinstance(fact, dict) and "id" in fact, f"line {number} has no id")
                known[str(fact["id"])] = fact
        except (OSError, ValueError) as error:
            raise SourceError(f"the facts can't be read: {error}; give one object a line", path=str(path)) from error
        missing = next((key for key in keys if key not in known), None)
        if missing is not None:
            raise SourceError("the facts don't know this image; name those of the data", key=missing, path=str(path))
        return cls.of([known[key] for key in keys])

    @classmethod
    def of(cls, facts: Sequence[Mapping[str, Any]]) -> Attributes:
        """The same from N facts in order."""
        classes: dict[str, npt.NDArray[np.str_]] = {}
        present: dict[str, npt.NDArray[np.bool_]] = {}
        for name in dict.fromkeys(name for fact in facts for name in fact if name != "id"):
            values = [fact.get(name) for fact in facts]
            if all(isinstance(value, str | int) for value in values):
                classes[name] = np.array([str(value) for value in values])
            elif name == _THINGS and all(map(_are_objects, values)):
                rows = [value for value in values if isinstance(value, list)]
                classes[f"number of {name}"] = np.array([str(len(row)) for row in rows])
                present |= _shown(rows)
        return cls(classes, present)


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _shown(rows: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, npt.NDArray[np.bool_]]:
    """By name of a field, [N, A]: which of its A words each image's things have."""
    found: dict[str, npt.NDArray[np.bool_]] = {}
    things = [thing for row in rows for thing in row]
    for name in dict.fromkeys(name for thing in things for name in thing):
        if not all(isinstance(thing.get(name), str) for thing in things):
            continue
        words = sorted({thing[name] for thing in things})
        found[name] = np.array([[any(thing[name] == word for thing in row) for word in words] for row in rows])
    return found


def facts_beside(data: str) -> Path | None:
    """The facts that a world has beside a split's captions; None if there are none."""
    path = Path(data)
    beside = path.with_name(path.stem.replace("captions_", "facts_", 1) + ".jsonl")
    return beside if path.stem.startswith("captions_") and beside.exists() else None
