"""What the runner calls, each imported when it is: a page of help needs the experiments' values alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece, Place


def render_named(settings: Downstream, place: Place) -> None:
    """Renders the world, and images of one thing each, in a folder a name."""
    from impasto_lab.experiments.representing.naming import prepare

    prepare(settings, place)


def look_at_arm(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains a model, and measures its embeddings."""
    from impasto_lab.experiments.representing.looking import run_piece

    return run_piece(piece, settings, place)


def show_embeddings(results: Any, folder: Path) -> None:
    """Shows the embeddings of two models beside each other."""
    from impasto_lab.experiments.representing.looking import show

    show(results, folder)


def tell_arm(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains a model, tunes it to captioning and has it tell held-out images."""
    from impasto_lab.experiments.representing.telling import run_piece

    return run_piece(piece, settings, place)


def show_told(results: Any, folder: Path) -> None:
    """Shows images with what is told of them."""
    from impasto_lab.experiments.representing.telling import show

    show(results, folder)
