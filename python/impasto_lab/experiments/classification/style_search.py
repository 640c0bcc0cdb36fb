"""How much of a batch should be restyled, and how strongly: the report's search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from impasto_lab.experiments.classification.settings import Stl10Settings
from impasto_lab.experiments.classification.stl10 import write_page
from impasto_lab.experiments.experiment import Claim, Experiment, Piece, Place

_RATIOS = ("16-1", "8-1", "4-1", "2-1", "1-1", "1-2", "1-4", "1-8", "1-16", "1-32")
_ALPHAS = ("0", "0.25", "0.5", "0.75", "1")
_SCHEDULES = ("early", "late")


def prepare_data(settings: Stl10Settings, place: Place) -> None:
    """Renders, or looks for STL-10, and restyles at the strengths that were asked for."""
    from impasto_lab.experiments.classification.arms import SEARCH
    from impasto_lab.experiments.classification.stl10_data import (
        prepare,
    )  # torch's; a page of help needs the values alone

    prepare(settings, place, [SEARCH[name] for name in place.arms])


def run_piece(piece: Piece, settings: Stl10Settings, place: Place) -> Mapping[str, float]:
    """Trains with a ratio, or a strength."""
    from impasto_lab.experiments.classification.arms import SEARCH
    from impasto_lab.experiments.classification.running import train
    from impasto_lab.experiments.classification.stl10_data import Stl10Data

    return train(SEARCH[piece.arm], Stl10Data(place.shared, settings), piece, place)


_PAIRS = (
    ("alpha-0.5", "alpha-0"),
    ("alpha-0.5", "alpha-1"),
    ("ratio-2-1", "ratio-16-1"),
    ("ratio-2-1", "ratio-1-32"),
)
_SMOKE, _SMALL, _FULL = Stl10Settings.smoke(), replace(Stl10Settings(), copies=2), Stl10Settings.full()

EXPERIMENT = Experiment(
    name="style-search",
    title="how many restyled images, and how strongly",
    about="Trains with unaugmented to restyled images at 16:1 to 1:32 and any strength, then at 2:1 with strengths "
    "0 to 1, on the data of stl10; with '--arms all' with all copies in one half of the steps, too. "
    "What is done stays done, so a search goes on where it stopped.",
    arms=("none", *(f"ratio-{ratio}" for ratio in _RATIOS), *(f"alpha-{alpha}" for alpha in _ALPHAS)),
    further=tuple(f"schedule-{when}" for when in _SCHEDULES),
    run=run_piece,
    prepare=prepare_data,
    page=write_page,
    settings={"smoke": _SMOKE, "small": _SMALL, "full": _FULL},
    seeds={"smoke": (0,), "small": (0, 1, 2), "full": (0, 1, 2)},
    source="Jackson et al. 2019 find ratio 2:1 and alpha 0.5 best on STL-10",
    claims=tuple(
        Claim(better=better, worse=worse, metric=metric)
        for metric in ("shifted", "test")  # the world's, and STL-10's own
        for better, worse in _PAIRS
    ),
    packages=("torchvision",),
    options=("data", "model", "weights"),
)
