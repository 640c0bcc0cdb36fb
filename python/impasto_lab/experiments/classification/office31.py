"""Office-31: trained on two domains, tested on the third, with none, traditional, style and both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto_lab.experiments.classification.settings import TRANSFERS, Office31Settings
from impasto_lab.experiments.experiment import Claim, Experiment, Piece, Place

_CORE = ("none", "traditional-geometric", "traditional", "style", "both")
_FURTHER = ("style-of-other-domain", "mixstyle", "amplitude", "partner-style", "pixmix")


def prepare_data(settings: Office31Settings, place: Place) -> None:
    """Renders, or looks for Office-31, and restyles for the arms that were asked for."""
    from impasto_lab.experiments.classification.arms import ARMS
    from impasto_lab.experiments.classification.office31_data import prepare  # torch's; help needs the values alone

    prepare(settings, place, [ARMS[name] for name in place.arms])


def run_piece(piece: Piece, settings: Office31Settings, place: Place) -> Mapping[str, float]:
    """Trains an arm for each transfer; the baseline's scores have those of a histogram classifier beside them."""
    from impasto_lab.experiments.classification.arms import ARMS
    from impasto_lab.experiments.classification.data import SOURCE
    from impasto_lab.experiments.classification.measure import histogram_scores
    from impasto_lab.experiments.classification.office31_data import Office31Data
    from impasto_lab.experiments.classification.running import train

    found: dict[str, float] = {}
    for transfer in TRANSFERS:
        data = Office31Data(place.shared, settings, transfer)
        scores = train(ARMS[piece.arm], data, piece, replace(place, folder=place.folder / folder_of(transfer)))
        found |= {f"{transfer} {name}" if name == "last loss" else name: value for name, value in scores.items()}
        if piece.arm == "none":
            found |= histogram_scores(data, [kind for kind in data.kinds if kind == transfer or kind.endswith(SOURCE)])
    return found


def folder_of(transfer: str) -> str:
    """What a transfer's training is called below its piece's folder."""
    return transfer.replace("->", "-")


def write_page(results: Any, folder: Path) -> None:
    """Writes ``report.html``: claims, means, accuracy by epoch, who was taken for whom."""
    from impasto_lab.experiments.classification.page import write_pages

    write_pages(results, folder, parts=[folder_of(transfer) for transfer in TRANSFERS])


_PAIRS = (
    ("style", "none"),
    ("traditional", "none"),
    ("both", "traditional"),
    ("both", "style"),
    ("traditional-geometric", "none"),
    ("style", "traditional-geometric"),
)

EXPERIMENT = Experiment(
    name="office31",
    title="from two domains to a third: product shots, a good camera, a poor one",
    about="Trains on two domains of Office-31's files, and tests on the third: AD->W, AW->D, DW->A. By default 31 "
    "outlines are rendered, whose colors, textures and grounds are a shortcut in D and W, which A breaks; ResNet-18 of "
    "small width. Full size takes Office-31 itself, from --data, or from OUT/office31, and InceptionV3, with --weights "
    "from ImageNet's (its auxiliary head from 299 pixels on). Beside the five arms, '--arms all' runs the same rivals "
    "as stl10's.",
    arms=_CORE,
    further=_FURTHER,
    run=run_piece,
    prepare=prepare_data,
    page=write_page,
    settings={"smoke": Office31Settings.smoke(), "small": Office31Settings(), "full": Office31Settings.full()},
    seeds={"smoke": (0,), "small": (0, 1, 2, 3, 4, 5), "full": (0, 1, 2)},
    source="Jackson et al. 2019 (arXiv 1809.05375): style helps in each transfer, with traditional most, and DW->A is "
    "the hardest",
    claims=tuple(
        Claim(better=better, worse=worse, metric=transfer) for transfer in TRANSFERS for better, worse in _PAIRS
    ),
    packages=("torchvision",),
    options=("data", "model", "weights"),
)
