"""Boxes that a detector proposes, among which the one that is meant is looked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto.errors import SourceError
from impasto.files import read_regular
from impasto.sources import Source

#: Of the largest file that is read; MAttNet's has 5 MB.
_MOST = 1 << 30


class Proposals:
    """The boxes of a file: a JSON object with a list of left, top, width and height for each image's id.

    What an entry has besides the four numbers, such as a score, is not looked at.

    Args:
        path: The file, such as MAttNet's ``dets.json`` that ALBEF is evaluated with.

    Raises:
        SourceError: If it is missing, or no JSON object of lists.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        try:
            found = json.loads(read_regular(path, most=_MOST))
        except (ValueError, RecursionError) as error:
            raise SourceError(f"it is no JSON: {error}; download it again", path=self._path) from error
        if not isinstance(found, dict) or not all(isinstance(boxes, list) for boxes in found.values()):
            reason = "it is no JSON object with a list of boxes for each image's id; name the detector's file"
            raise SourceError(reason, path=self._path)
        self._boxes: dict[str, list[Any]] = found

    def of(self, image: Any, key: str) -> npt.NDArray[np.float64]:
        """The boxes of an image, [P, 4]; none where the detector found nothing.

        Args:
            image: Its id.
            key: Its name, for messages.

        Raises:
            SourceError: If the file has no such image, or something else than boxes with an area.
        """
        if str(image) not in self._boxes:
            reason = f"it has no boxes for image {image!r}; give it a list, which may be empty, or name another file"
            raise SourceError(reason, key=key, path=self._path)
        try:
            table = np.array([box[:4] for box in self._boxes[str(image)]], np.float64).reshape(-1, 4)
        except (TypeError, ValueError) as error:
            reason = f"the boxes of image {image!r} are no lists of four numbers: {error}; repair them"
            raise SourceError(reason, key=key, path=self._path) from error
        if not (np.isfinite(table).all() and (table[:, 2:] > 0).all()):
            reason = f"image {image!r} has a box without an area; remove it"
            raise SourceError(reason, key=key, path=self._path)
        return table


def proposals_of(data: Source, path: str | None) -> Proposals:
    """The proposals of a path, or those beside the expressions.

    Raises:
        SourceError: If they are missing, or no boxes.
    """
    folder: Path | None = getattr(data, "folder", None)
    if path is None and folder is None:
        reason = f"{data!r} has no folder where proposals could lie; name their file (proposals)"
        raise SourceError(reason)
    return Proposals(path if path is not None else Path(folder or "") / "dets.json")
