"""Detection as an experiment."""

from __future__ import annotations

from collections.abc import Mapping

from impasto_lab.experiments.dense.settings import ARMS, DETECTION, Dense
from impasto_lab.experiments.experiment import Claim, Experiment, Piece, Place


def run_arm(piece: Piece, settings: Dense, place: Place) -> Mapping[str, float]:
    """Trains a detector, and measures its average precision."""
    from impasto_lab.experiments.dense.running import run_piece  # torch's; a page of help needs the experiment alone

    return run_piece(piece, settings, place)


def render(settings: Dense, place: Place) -> None:
    """Makes the worlds and the restyled copies."""
    from impasto_lab.experiments.dense.data import prepare

    prepare(settings, place)


EXPERIMENT = Experiment(
    name="detection",
    title="boxes on a rendered shortcut world, source and shifted target",
    about="Renders things whose color, texture and ground are often their class's own, and a target where they never "
    "are; trains a small detector without anchors (full: torchvision's FCOS) with geometric, color and style "
    "augmentation, and measures average precision on both. All arms share weights, world, steps and restyled copies.",
    arms=ARMS,
    run=run_arm,
    prepare=render,
    settings=DETECTION,
    seeds={"smoke": (0,), "small": (0, 1, 2, 3, 4, 5), "full": (0, 1, 2, 3, 4, 5)},
    claims=(
        Claim(better="style", worse="none", metric="mAP target"),
        Claim(better="color", worse="none", metric="mAP target"),
        Claim(better="geometric", worse="none", metric="mAP source"),
        Claim(better="both", worse="geometric", metric="mAP target"),
        Claim(better="both", worse="color", metric="mAP target"),
        Claim(better="both", worse="style", metric="mAP target"),
    ),
    packages=("torchvision", "pycocotools"),
)
