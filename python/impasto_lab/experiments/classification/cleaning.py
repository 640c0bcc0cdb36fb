"""Images that show nothing are left out before training, as the report did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from impasto.errors import SourceError
from impasto.files import new_file
from impasto.ops import noise_score
from impasto.progress import Progress, silent
from impasto.sources import Source
from impasto_lab.experiments.classification.restyling import Pixels, pixels

#: What was left out, in the experiment's folder.
FILE = "cleaning.json"
#: Pictures of each kind that a page shows.
_SHOWN = 40


@dataclass(frozen=True)
class Cleaning:
    """What was left out.

    Attributes:
        limit: The noise score above which an image is left out.
        images: How many there were.
        removed: Rows that were left out.
        nearest: Rows that stayed, those nearest to the limit first.
        precision: The share of the removed that show nothing; None where that is not known.
        recall: The share of those that show nothing that were removed; None where that is not known.
    """

    limit: float
    images: int
    removed: tuple[int, ...]
    nearest: tuple[int, ...]
    precision: float | None = None
    recall: float | None = None

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """Rows that stayed, in order."""
        return np.setdiff1d(np.arange(self.images), np.array(self.removed, np.int64))

    @classmethod
    def of(
        cls, source: Source, limit: float, *, noisy: Sequence[bool] | None = None, progress: Progress = silent
    ) -> Cleaning:
        """Scores all images of a source.

        Args:
            source: The images.
            limit: See `impasto.ops.noise_score`.
            noisy: Which of them show nothing, where that is known.
            progress: Called after each.
        """
        scores = np.empty(len(source))
        for row in range(len(source)):
            scores[row] = noise_score(pixels(source, row))
            progress(row + 1, len(source))
        found = scores > limit
        removed, stayed = np.flatnonzero(found), np.flatnonzero(~found)
        nearest = stayed[np.argsort(-scores[stayed], kind="stable")][:_SHOWN]
        known: tuple[float | None, float | None] = (None, None)
        if noisy is not None:
            truth = np.asarray(noisy)
            right = int((found & truth).sum())
            known = (right / max(len(removed), 1), right / max(int(truth.sum()), 1))
        return cls(limit, len(source), tuple(removed.tolist()), tuple(nearest.tolist()), *known)

    def save(self, folder: Path) -> None:
        """Writes it into a folder."""
        with new_file(folder / FILE) as partial:
            partial.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Cleaning:
        """Reads it from a folder.

        Raises:
            SourceError: If the file is missing or damaged.
        """
        path = folder / FILE
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**found, "removed": tuple(found["removed"]), "nearest": tuple(found["nearest"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SourceError(f"it can't be read: {error!r}; remove it and run again", path=str(path)) from error

    def scores(self) -> dict[str, float]:
        """Per cent, by name, as an experiment's measures."""
        found = {"noise removed": 100 * len(self.removed) / self.images}
        known = {"noise precision": self.precision, "noise recall": self.recall}
        return found | {name: 100 * value for name, value in known.items() if value is not None}

    def pictures(self, source: Source) -> dict[str, list[Pixels]]:
        """What a page shows, by title: some of what was left out, and the noisiest of what stayed."""
        title = f"left out before training: {len(self.removed):,} of {self.images:,}"
        spread = self.removed[:: max(len(self.removed) // _SHOWN, 1)][:_SHOWN]
        shown = {title: spread, "the noisiest that stay": self.nearest}
        return {name: [pixels(source, row) for row in rows] for name, rows in shown.items() if rows}
