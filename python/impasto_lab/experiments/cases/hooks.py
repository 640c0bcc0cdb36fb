"""What the runner calls, each imported when it is: a page of help needs the experiments' values alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.cases.settings import Digits, Medical, Social
from impasto_lab.experiments.experiment import Piece, Place


def name_digits(piece: Piece, settings: Digits, place: Place) -> Mapping[str, float]:
    """Trains on few digits, and names others."""
    from impasto_lab.experiments.cases.naming_digits import run_piece

    return run_piece(piece, settings, place)


def mix_reports(piece: Piece, settings: Medical, place: Place) -> Mapping[str, float]:
    """Mixes pictures with their reports."""
    from impasto_lab.experiments.cases.mixing_reports import run_piece

    return run_piece(piece, settings, place)


def join_posts(piece: Piece, settings: Social, place: Place) -> Mapping[str, float]:
    """Joins posts."""
    from impasto_lab.experiments.cases.posting import run_piece

    return run_piece(piece, settings, place)


def write_case(results: Any, folder: Path) -> None:
    """Writes ``report.html``: numbers, mixtures, advice."""
    from impasto_lab.experiments.cases.page import write_pages

    write_pages(results, folder)
