"""The demonstration as an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from impasto_lab.experiments.demo.settings import Demo
from impasto_lab.experiments.experiment import Experiment, Piece, Place


def run_piece(piece: Piece, settings: Demo, place: Place) -> Mapping[str, float]:
    """Writes data, trains, retrieves and reports; loaders are timed by `impasto demo` alone.

    Returns:
        RSUM of each part of the test split, the same by chance, and the last loss.
    """
    from impasto_lab.experiments.demo.running import run  # torch's; a page of help needs the experiment alone

    result = run(place.folder, replace(settings, seed=piece.seed), device=place.device, narrator=place.narrator)
    scores = {f"RSUM {part.name}": part.ours["rsum"] for part in result.scores}
    by_chance = {f"RSUM {part.name}, by chance": part.chance["rsum"] for part in result.scores}
    return {**scores, **by_chance, "last loss": result.training["last_loss"]}


EXPERIMENT = Experiment(
    name="demo",
    title="real photographs, from files to a trained model",
    about="Trains a small dual encoder with MixGen on captioned cuts of photographs and on rendered scenes, and scores "
    "retrieval on held-out pairs. Two minutes at small size on two CPU cores; full size wants a GPU.",
    arms=("MixGen",),
    run=run_piece,
    settings={"smoke": Demo.quick(), "small": Demo(), "full": Demo.full()},
    seeds={"smoke": (0,), "small": (0,), "full": (0,)},
    packages=("scikit-image", "scikit-learn"),
)
