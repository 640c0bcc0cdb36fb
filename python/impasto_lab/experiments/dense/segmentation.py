"""Segmentation as an experiment."""

from __future__ import annotations

from impasto_lab.experiments.dense.detection import claims_of, render_for, run_arm, write_page
from impasto_lab.experiments.dense.settings import ARMS, FURTHER, SEGMENTATION, SEGMENTERS, Dense
from impasto_lab.experiments.experiment import Experiment, Place


def render(settings: Dense, place: Place) -> None:
    """Makes the worlds and the restyled copies.

    Raises:
        RecipeError: If the model is no segmentation network.
    """
    render_for(SEGMENTERS, settings, place)


EXPERIMENT = Experiment(
    name="segmentation",
    title="the class of each pixel on a rendered shortcut world, source and shifted target",
    about="Renders things whose color, texture and ground are often their class's own, and a target where they never "
    "are; trains torchvision's LR-ASPP with geometric, color and style augmentation, and measures mean IoU on both; "
    "with '--arms all' with geometry and color, too. "
    "With --data, COCO's or VOC's own images; the target is then --target's val, or the data's own under corruptions. "
    "All arms share weights, world, steps and restyled copies.",
    arms=ARMS,
    further=FURTHER,
    run=run_arm,
    prepare=render,
    page=write_page,
    settings=SEGMENTATION,
    seeds={"smoke": (0,), "small": (0, 1, 2, 3, 4, 5), "full": (0, 1, 2, 3, 4, 5)},
    claims=claims_of("mIoU"),
    packages=("torchvision", "pycocotools"),
    options=("data", "target", "model", "copies"),
)
