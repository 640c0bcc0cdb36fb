"""What the runner calls, each imported when it is: a page of help needs the experiments' values alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.real.settings import Real


def look_for_all(settings: Real, place: Place) -> None:
    """Sees that all that is needed is there."""
    from impasto_lab.experiments.real.preparing import prepare

    prepare(settings, place)


def use_real_arm(piece: Piece, settings: Real, place: Place) -> Mapping[str, float]:
    """Pretrains a model, tunes it to each task and judges it."""
    from impasto_lab.experiments.real.running import run_piece

    return run_piece(piece, settings, place)


def mix_real(piece: Piece, settings: Real, place: Place) -> Mapping[str, float]:
    """Mixes the papers' sets as an arm does, and measures what became of them."""
    from impasto_lab.experiments.real.mixtures import measure_arm

    return measure_arm(piece, settings, place)


def show_mixtures(results: Any, folder: Path) -> None:
    """Shows pairs of the papers' sets, and what each variant makes of them."""
    from impasto_lab.experiments.real.mixtures import show

    show(results, folder)
