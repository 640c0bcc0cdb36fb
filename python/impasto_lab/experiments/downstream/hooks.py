"""What the runner calls, each imported when it is: a page of help needs the experiments' values alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece, Place


def render_tasks(settings: Downstream, place: Place) -> None:
    """Renders the world and lists its words."""
    from impasto_lab.experiments.downstream.data import prepare

    prepare(settings, place)


def use_arm(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains a model, tunes it to each task and judges it."""
    from impasto_lab.experiments.downstream.running import run_piece

    return run_piece(piece, settings, place)


def write_tables(results: Any, folder: Path) -> None:
    """Writes the page with the differences of the claims drawn."""
    from impasto_lab.experiments.paging import write_differences

    write_differences(results, folder)
