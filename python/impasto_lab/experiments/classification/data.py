"""What training and measuring ask of an experiment's data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from impasto.sources import Source
from impasto_lab.experiments.classification.settings import Training

#: The kinds of test images of a rendered world: as trained on; without a shortcut; without one and by another camera;
#: with another class's shortcut; and the real data's own.
SOURCE, CLEAN, SHIFTED, CONFLICT, TEST = "source", "no shortcut", "shifted", "cue conflict", "test"


class Data(Protocol):
    """Where an experiment's data lie."""

    @property
    def root(self) -> Path:
        """The experiment's folder."""
        ...

    @property
    def settings(self) -> Training:
        """Its settings."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """Names; labels count them."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of test images there are."""
        ...

    @property
    def origin(self) -> str | None:
        """The kind that is like the training images, but was not trained on; None where there is none."""
        ...

    @property
    def aim(self) -> str:
        """The kind that counts."""
        ...

    def train(self) -> Source:
        """The training images."""
        ...

    def copies(self, which: str) -> Source:
        """Restyled training images of an `Arm.folder`."""
        ...

    def test(self, kind: str) -> Source:
        """Test images of a kind."""
        ...

    def looks(self) -> list[int]:
        """The class whose looks each of the test images of cue conflict wears; -1 where they are no class's."""
        ...
