"""The model that comes with impasto, as an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from impasto_lab.experiments.default_style.settings import DefaultStyle
from impasto_lab.experiments.experiment import Experiment, Piece, Place


def run_piece(piece: Piece, settings: DefaultStyle, place: Place) -> Mapping[str, float]:
    """Renders the data, trains features and networks, and measures on what was held out.

    Returns:
        The measures, see `measure.Measures`; what is measured several times by name and which.
    """
    # torch's; a page of help needs the experiment alone
    from impasto_lab.experiments.default_style.running import run
    from impasto_lab.training import pick_device

    chosen = replace(settings, seed=piece.seed)
    model = run(place.folder, chosen, device=pick_device(place.device), narrator=place.narrator)
    found: dict[str, float] = {}
    for name, value in model.about["measures"].items():
        found |= {f"{name}, {which}": one for which, one in value.items()} if isinstance(value, dict) else {name: value}
    return found


EXPERIMENT = Experiment(
    name="default-style",
    title="the style model that comes with impasto",
    about="Renders contents (the photographs that scikit-image and scikit-learn carry, and scenes) and hundreds of "
    "procedural styles; trains a small VGG to tell them apart, whose features losses and predictor look at; trains the "
    "transformer; and measures on contents and styles that were held out. What OUT holds already is used as it is, so "
    "an interrupted run goes on. Hours at small size on two CPU cores; full size wants a GPU.",
    arms=("compact",),
    run=run_piece,
    settings={"smoke": DefaultStyle.smoke(), "small": DefaultStyle(), "full": DefaultStyle.full()},
    seeds={"smoke": (0,), "small": (0,), "full": (0,)},
    packages=("scikit-image", "scikit-learn"),
)
