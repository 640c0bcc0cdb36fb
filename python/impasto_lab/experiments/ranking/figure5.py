"""Figure 5: where the true image stands before and after, and what stands above it."""

from __future__ import annotations

from impasto_lab.experiments.downstream.hooks import render_tasks
from impasto_lab.experiments.downstream.settings import Downstream, Model, both
from impasto_lab.experiments.experiment import Claim, Experiment, Size
from impasto_lab.experiments.ranking.hooks import rank_arm, show_ranks
from impasto_lab.experiments.real.building import claims_of, on_real_data
from impasto_lab.experiments.real.settings import both as both_real

_MODELS: tuple[Model, ...] = ("clip", "albef")
_TITLE = "what stands above the true image, without MixGen and with it"
_SOURCE = "MixGen, Figure 5: ranks of true images, before and after, in examples"

SETTINGS: dict[Size, Downstream] = {
    "smoke": Downstream(images=24, held=12, world_side=48, pretraining=2, batch_size=8, arms=both(*_MODELS)),
    "small": Downstream(arms=both(*_MODELS)),
}

EXPERIMENT = Experiment(
    name="figure5",
    title=_TITLE,
    about="Pretrains a tiny CLIP (32 px) on 1,600 rendered scenes, with MixGen and without, and ranks held-out images "
    "for each caption. Shows the captions whose image rose most, fell most, and the median, with what stands above it "
    "and whether that fits the caption; and asks why images are found less often than captions: more candidates, or "
    "captions that fit several images. With '--arms all' ALBEF too, by its towers. Finished trainings are kept.",
    arms=tuple(both("clip")),
    further=tuple(both("albef")),
    run=rank_arm,
    prepare=render_tasks,
    takes=True,
    page=show_ranks,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(8))},
    source=_SOURCE,
    claims=tuple(
        Claim(better=f"mixgen-{model}", worse=f"plain-{model}", metric=f"{metric}, {part}")
        for model in _MODELS
        for metric in ("IR@1", "mean reciprocal rank")
        for part in ("seen", "unseen")
    ),
    real=on_real_data(
        "figure5",
        _TITLE,
        both_real("albef"),
        "coco",
        further=both_real("clip"),
        ranks=True,
        page=show_ranks,
        source=_SOURCE,
        claims=claims_of(
            [("mixgen-albef", "plain-albef")], ("IR@1 by towers, COCO", "mean reciprocal rank by towers, COCO")
        ),
        about="Ranks COCO's 5,000 test images for each caption by the towers of the tuned model. ",
    ),
)
