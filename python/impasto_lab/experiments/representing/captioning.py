"""What a pretrained model tells of images, with MixGen and without."""

from __future__ import annotations

from impasto_lab.experiments.downstream.hooks import render_tasks
from impasto_lab.experiments.downstream.settings import Downstream, Model, both
from impasto_lab.experiments.experiment import Claim, Experiment, Size
from impasto_lab.experiments.representing.hooks import show_told, tell_arm

_MODELS: tuple[Model, ...] = ("albef", "tcl")

SETTINGS: dict[Size, Downstream] = {
    "smoke": Downstream(
        images=24, held=12, world_side=48, pretraining=2, tuning={"captioning": 2}, batch_size=8, arms=both(*_MODELS)
    ),
    # Less than the tables' pretraining: the decoder, which begins as the fusion layers, learns most in tuning.
    "small": Downstream(pretraining=600, tuning={"captioning": 500}, arms=both(*_MODELS)),
}

EXPERIMENT = Experiment(
    name="captioning",
    title="what is told of an image, after pretraining with MixGen and without",
    about="Pretrains a tiny ALBEF (32 px) on 1,600 rendered scenes, with MixGen and without, tunes it to captioning, "
    "without mixing, and tells held-out scenes. With '--arms all' TCL too. Finished trainings are kept.",
    arms=tuple(both("albef")),
    further=tuple(both("tcl")),
    run=tell_arm,
    prepare=render_tasks,
    takes=True,
    page=show_told,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(4))},
    source="MixGen names captioning among the tasks, and has no figures of it",
    claims=tuple(
        Claim(better=f"mixgen-{model}", worse=f"plain-{model}", metric=f"{metric}, {part}")
        for model in _MODELS
        for metric in ("CIDEr-D", "BLEU-4")
        for part in ("seen", "unseen")
    ),
)
