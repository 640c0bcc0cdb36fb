"""STL-10: none, traditional, style and both, as the report compares them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.classification.settings import Stl10Settings
from impasto_lab.experiments.experiment import Claim, Experiment, Piece, Place

_CORE = ("none", "traditional-geometric", "traditional", "style", "both")
_FURTHER = ("style-of-other-domain", "mixstyle", "amplitude", "partner-style", "pixmix")


def prepare_data(settings: Stl10Settings, place: Place) -> None:
    """Renders, or looks for STL-10, and restyles for the arms that were asked for."""
    from impasto_lab.experiments.classification.arms import ARMS
    from impasto_lab.experiments.classification.stl10_data import (
        prepare,
    )  # torch's; a page of help needs the values alone

    prepare(settings, place, [ARMS[name] for name in place.arms])


def run_piece(piece: Piece, settings: Stl10Settings, place: Place) -> Mapping[str, float]:
    """Trains an arm; the baseline's scores have those of a histogram classifier beside them."""
    from impasto_lab.experiments.classification.arms import ARMS
    from impasto_lab.experiments.classification.cleaning import Cleaning
    from impasto_lab.experiments.classification.data import SHIFTED, SOURCE, TEST
    from impasto_lab.experiments.classification.measure import histogram_scores
    from impasto_lab.experiments.classification.running import train
    from impasto_lab.experiments.classification.stl10_data import Stl10Data

    data = Stl10Data(place.shared, settings)
    found = train(ARMS[piece.arm], data, piece, place)
    kinds = [kind for kind in data.kinds if kind in (SOURCE, SHIFTED, TEST)]
    shortcut = histogram_scores(data, kinds) if piece.arm == "none" else {}
    cleaned = Cleaning.load(place.shared).scores() if settings.cleans and piece.arm == "none" else {}
    return {**found, **shortcut, **cleaned}


def write_page(results: Any, folder: Path) -> None:
    """Writes ``report.html``: claims, means, curves, who was taken for whom, what was left out before."""
    from impasto_lab.experiments.classification.cleaning import FILE, Cleaning
    from impasto_lab.experiments.classification.page import write_pages
    from impasto_lab.experiments.classification.stl10_data import Stl10Data

    settings: Stl10Settings = results.settings
    # Where all was taken from other evidence, nothing was cleaned here.
    source = Stl10Data(folder, settings).uncleaned() if settings.cleans and (folder / FILE).exists() else None
    write_pages(results, folder, pictures=Cleaning.load(folder).pictures(source) if source else {})


EXPERIMENT = Experiment(
    name="stl10",
    title="style randomization and traditional augmentation, to name images",
    about="Trains ResNet-18 on a rendered world in STL-10's files, whose classes are outlines and whose colors, "
    "textures and grounds are a shortcut, and scores it with and without the shortcut and under another camera. Beside "
    "the five arms that always run, '--arms all' runs styles of the other domain, MixStyle, Fourier amplitudes, "
    "partners' styles and PixMix. Full size takes STL-10 itself, from --data, or from OUT/stl10_binary. An hour or "
    "two at small size on two idle cores.",
    arms=_CORE,
    further=_FURTHER,
    run=run_piece,
    prepare=prepare_data,
    page=write_page,
    settings={"smoke": Stl10Settings.smoke(), "small": Stl10Settings(), "full": Stl10Settings.full()},
    seeds={"smoke": (0,), "small": (0, 1, 2, 3, 4, 5), "full": (0, 1, 2)},
    source="Jackson et al. 2019 (arXiv 1809.05375), as later papers cite it; full size alone can be held against it",
    published={"style": {"test": 80.8}},
    claims=(
        Claim(better="both", worse="traditional", metric="shifted"),
        Claim(better="traditional", worse="none", metric="shifted"),
        Claim(better="traditional-geometric", worse="none", metric="shifted"),
        Claim(better="style", worse="none", metric="shifted"),
        Claim(better="traditional", worse="style", metric="shifted"),
        Claim(better="style", worse="traditional-geometric", metric="shifted"),
        Claim(better="both", worse="traditional", metric="source"),
        Claim(better="traditional", worse="none", metric="source"),
        # Of STL-10 itself, which has no shift.
        Claim(better="both", worse="traditional", metric="test"),
        Claim(better="traditional", worse="none", metric="test"),
        Claim(better="style", worse="none", metric="test"),
    ),
    packages=("torchvision",),
    options=("data", "model", "weights", "noise"),
)
