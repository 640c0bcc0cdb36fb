"""All experiments, by name; each is loaded when it is asked for."""

from __future__ import annotations

import importlib

from impasto.checks import choice
from impasto_lab.experiments.experiment import Experiment

#: Where each experiment is defined, and its title for a list that needs nothing else.
EXPERIMENTS: dict[str, tuple[str, str]] = {
    "demo": ("impasto_lab.experiments.demo.experiment", "real photographs, from files to a trained model"),
    "default-style": ("impasto_lab.experiments.default_style.experiment", "the style model that comes with impasto"),
    "detection": (
        "impasto_lab.experiments.dense.detection",
        "boxes on a rendered shortcut world, source and shifted target",
    ),
    "segmentation": (
        "impasto_lab.experiments.dense.segmentation",
        "the class of each pixel on a rendered shortcut world, source and shifted target",
    ),
    "digits": ("impasto_lab.experiments.cases.digits", "a case of little data: digits, named by captions"),
    "medical": (
        "impasto_lab.experiments.cases.medical",
        "a case of medical pictures: what MixGen does to a report",
    ),
    "social": (
        "impasto_lab.experiments.cases.social",
        "a case of social media: what is lost where noisy posts are joined",
    ),
    "rivals": ("impasto_lab.experiments.scarcity.rivals", "MixGen against and with what competes with it"),
    "stl10": (
        "impasto_lab.experiments.classification.stl10",
        "style randomization and traditional augmentation, to name images",
    ),
    "office31": (
        "impasto_lab.experiments.classification.office31",
        "from two domains to a third: product shots, a good camera, a poor one",
    ),
    "style-search": (
        "impasto_lab.experiments.classification.style_search",
        "how many restyled images, and how strongly",
    ),
    "figure3": ("impasto_lab.experiments.scarcity.figure3", "what MixGen gives where images are few"),
    "table3": ("impasto_lab.experiments.scarcity.table3", "what MixGen gives each of the four models"),
    "table1": (
        "impasto_lab.experiments.downstream.table1",
        "retrieval, fine-tuned and zero-shot, after pretraining with MixGen and without",
    ),
    "table4": (
        "impasto_lab.experiments.downstream.table4",
        "questions, entailment and pairs of images, after pretraining with MixGen and without",
    ),
    "table5": (
        "impasto_lab.experiments.pointing.table5",
        "expressions found by where a model looks, with MixGen and without",
    ),
    "table6": ("impasto_lab.experiments.scarcity.table6", "the variants of MixGen, as pictures"),
    "table7": ("impasto_lab.experiments.scarcity.table7", "MixGen against variants of it"),
    "figure4": (
        "impasto_lab.experiments.pointing.figure4",
        "where a model looks, with MixGen and without, successes and failures",
    ),
    "figure5": (
        "impasto_lab.experiments.ranking.figure5",
        "what stands above the true image, without MixGen and with it",
    ),
    "representation": (
        "impasto_lab.experiments.representing.representation",
        "what a model makes of images and captions, with MixGen and without",
    ),
    "captioning": (
        "impasto_lab.experiments.representing.captioning",
        "what is told of an image, after pretraining with MixGen and without",
    ),
    "figure6": ("impasto_lab.experiments.scarcity.figure6", "how much of a batch is mixed"),
}


def find(name: str) -> Experiment:
    """The experiment of a name.

    Raises:
        RecipeError: If there is none.
    """
    choice("experiment", name, EXPERIMENTS)
    module, _ = EXPERIMENTS[name]
    experiment: Experiment = importlib.import_module(module).EXPERIMENT
    return experiment
