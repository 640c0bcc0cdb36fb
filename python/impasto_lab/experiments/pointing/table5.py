"""Table 5: expressions found by where a model looks, with MixGen and without."""

from __future__ import annotations

from impasto_lab.experiments.downstream.hooks import render_tasks
from impasto_lab.experiments.downstream.settings import Downstream, Model, both, published
from impasto_lab.experiments.experiment import Claim, Experiment, Size
from impasto_lab.experiments.pointing.hooks import point_arm, show_maps
from impasto_lab.experiments.pointing.settings import LOOKED_AT
from impasto_lab.experiments.real.building import claims_of, on_real_data
from impasto_lab.experiments.real.settings import both as both_real

_MODELS: tuple[Model, ...] = ("albef", "tcl")
#: Table 5: ALBEF of 3M images by matching, without MixGen and with it.
_PUBLISHED: dict[str, tuple[float, float]] = {"val": (57.76, 56.72), "testA": (65.08, 65.35), "testB": (45.57, 46.47)}
_TITLE = "expressions found by where a model looks, with MixGen and without"


def _published() -> dict[str, dict[str, float]]:
    return published("albef", {f"RefCOCO+ {split}": pair for split, pair in _PUBLISHED.items()})


SETTINGS: dict[Size, Downstream] = {
    "smoke": Downstream(
        images=40,
        held=8,
        world_side=48,
        pretraining=2,
        tuning={"grounding": 2},
        batch_size=8,
        arms=both(*_MODELS),
    ),
    "small": Downstream(tuning={"grounding": 800}, arms=both(*_MODELS)),
}

EXPERIMENT = Experiment(
    name="table5",
    title=_TITLE,
    about="Pretrains a tiny ALBEF (32 px) on 1,600 rendered scenes, with MixGen and without, tunes it to expressions "
    "of RefCOCO+'s kind without their boxes, and has Grad-CAM of matching choose among proposals. With '--arms all' "
    "TCL too. Finished trainings are kept. The published setting needs millions of images.",
    arms=tuple(both("albef")),
    further=tuple(both("tcl")),
    run=point_arm,
    prepare=render_tasks,
    takes=True,
    page=show_maps,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(4))},
    source="MixGen, Table 5: RefCOCO+, weakly supervised, ALBEF, 3M images; on val the published difference is below 0",
    published=_published(),
    claims=tuple(
        Claim(better=f"mixgen-{model}", worse=f"plain-{model}", metric=split, told=(f"RefCOCO+ {split}",))
        for model in _MODELS
        for split in ("testA", "testB")
    )
    + tuple(
        Claim(better=f"plain-{model}", worse=f"mixgen-{model}", metric="val", told=("RefCOCO+ val",))
        for model in _MODELS
    ),
    real=on_real_data(
        "table5",
        _TITLE,
        both_real("albef"),
        "refcoco+",
        further=both_real("tcl"),
        pictures=LOOKED_AT,
        page=show_maps,
        source="MixGen, Table 5: RefCOCO+, weakly supervised, ALBEF, 3M images; on val the published difference is "
        "below 0",
        published=_published(),
        claims=[
            *claims_of([("mixgen-albef", "plain-albef")], ("RefCOCO+ testA", "RefCOCO+ testB")),
            *claims_of([("plain-albef", "mixgen-albef")], ("RefCOCO+ val",)),
        ],
    ),
)
