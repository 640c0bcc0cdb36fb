"""What the runner calls, each imported when it is: a page of help needs the experiments' values alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.scarcity.settings import Scarcity


def render_scarce(settings: Scarcity, place: Place) -> None:
    """Renders the scenes and lists their words."""
    from impasto_lab.experiments.scarcity.data import prepare

    prepare(settings, place)


def train_arm(piece: Piece, settings: Scarcity, place: Place) -> Mapping[str, float]:
    """Trains an arm, and retrieves held-out scenes."""
    from impasto_lab.experiments.scarcity.running import run_piece

    return run_piece(piece, settings, place)


def compare_arms(results: Any, folder: Path) -> None:
    """Compares the arms by pairs and draws their curves."""
    from impasto_lab.experiments.scarcity.comparing import compare

    compare(results, folder)


def draw_arm(piece: Piece, settings: Scarcity, place: Place) -> Mapping[str, float]:
    """Mixes the scenes as an arm does, and measures what became of them."""
    from impasto_lab.experiments.scarcity.variants import measure_arm

    return measure_arm(piece, settings, place)


def show_variants(results: Any, folder: Path) -> None:
    """Shows pairs, and what each variant makes of them."""
    from impasto_lab.experiments.scarcity.variants import show

    show(results, folder)
