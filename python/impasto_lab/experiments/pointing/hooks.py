"""What the runner calls, each imported when it is: a page of help needs the experiments' values alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece, Place


def point_arm(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains a model, tunes it to expressions, and finds what they mean by where it looks."""
    from impasto_lab.experiments.pointing.running import run_piece

    return run_piece(piece, settings, place)


def show_maps(results: Any, folder: Path) -> None:
    """Shows expressions that one model found and the other did not, with both maps."""
    from impasto_lab.experiments.pointing.page import show

    show(results, folder)
