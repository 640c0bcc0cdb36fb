"""What the runner calls, each imported when it is: a page of help needs the experiment's values alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece, Place


def rank_arm(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains a model, and ranks all images for each caption."""
    from impasto_lab.experiments.ranking.running import run_piece

    return run_piece(piece, settings, place)


def show_ranks(results: Any, folder: Path) -> None:
    """Shows captions whose image rose, fell, and stayed, with what stands above it."""
    from impasto_lab.experiments.ranking.page import show

    show(results, folder)
