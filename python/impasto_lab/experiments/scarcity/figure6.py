"""Figure 6: how much of a batch is mixed."""

from __future__ import annotations

from collections.abc import Mapping

from impasto_lab.experiments.downstream.hooks import write_tables
from impasto_lab.experiments.experiment import Claim, Experiment, Size
from impasto_lab.experiments.real.building import claims_of, on_real_data
from impasto_lab.experiments.real.settings import RealArm, both
from impasto_lab.experiments.scarcity.hooks import compare_arms, render_scarce, train_arm
from impasto_lab.experiments.scarcity.settings import Arm, Batched, Mixed, Model, Scarcity, Training, comes_of
from impasto_lab.experiments.scarcity.table3 import SMALL, SMOKE
from impasto_lab.experiments.scarcity.table7 import PREFIXES

#: M as a share of the batch, by arm. The paper sweeps it in batches of 512, M = 128 is its choice.
RATIOS: dict[str, float] = {"sixteenth": 1 / 16, "eighth": 1 / 8, "quarter": 1 / 4, "half": 1 / 2, "whole": 1.0}
#: Batches of other sizes, in as many epochs as the others': all arms see as many images, at the same learning rate.
BATCHES = (16, 200)


def _shares(model: Model, images: int) -> dict[str, Arm]:
    arms = {"none": Arm(model=model, mixgen=False, images=images)}
    arms |= {name: Mixed(model=model, images=images, ratio=ratio) for name, ratio in RATIOS.items()}
    return {f"{PREFIXES[model]}{name}": arm for name, arm in arms.items()}


def _settings(each: int, training: Mapping[Model, Training], **sizes: int) -> Scarcity:
    arms = _shares("clip", each) | _shares("albef", each)
    usual = training["clip"]
    epochs = max(usual.steps * usual.batch_size // each, 1)
    arms |= {
        f"{name}-of-{size}": Batched(
            model="clip", mixgen=mixgen, images=each, epochs=epochs, batch_size=min(size, each)
        )
        for size in BATCHES
        for name, mixgen in (("none", False), ("quarter", True))
    }
    return Scarcity(training={model: training[model] for model in PREFIXES}, arms=arms, **sizes)


SETTINGS: dict[Size, Scarcity] = {
    "smoke": _settings(48, SMOKE, images=64, held=16, evaluations=1),
    "small": _settings(400, SMALL, images=1600, held=250, evaluations=8),
}


#: By what each pretraining is called in other tables; a quarter is MixGen as it is published.
_REAL_SHARES = {
    f"{name}-albef-1m": RealArm(model="albef", mixgen="default", ratio=ratio, sets="1m")
    for name, ratio in RATIOS.items()
    if name != "quarter"
}

_TITLE = "how much of a batch is mixed"
_SOURCE = "MixGen, Figure 6: M from none to the whole batch of 512; a quarter is the best"

EXPERIMENT = Experiment(
    name="figure6",
    title=_TITLE,
    about="Trains a small dual encoder (48 px) on 400 rendered scenes in batches of 64, of which none, a sixteenth, an "
    "eighth, a quarter, a half or all rows become mixtures, and retrieves held-out scenes. Where all do, partners are "
    "drawn from the whole batch. With '--arms all' also none and a quarter of batches of 16 and 200, as many epochs, "
    "and each share of a small ALBEF's batches of 32. Finished trainings are kept. The published setting needs a "
    "million images and batches of 512.",
    arms=("none", *RATIOS),
    further=tuple(name for name in SETTINGS["small"].arms if name not in ("none", *RATIOS)),
    run=train_arm,
    comes_of=comes_of,
    prepare=render_scarce,
    page=compare_arms,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(8))},
    source=_SOURCE,
    claims=tuple(
        Claim(better=f"{prefix}quarter", worse=f"{prefix}{other}", metric=f"RSUM {part}")
        for prefix in PREFIXES.values()
        for part in ("seen", "unseen")
        for other in ("none", *RATIOS)
        if other != "quarter"
    )
    + tuple(
        Claim(better=f"quarter-of-{size}", worse=f"none-of-{size}", metric=f"RSUM {part}")
        for size in BATCHES
        for part in ("seen", "unseen")
    ),
    real=on_real_data(
        "figure6",
        _TITLE,
        {**both("albef", sets="1m"), **_REAL_SHARES},
        "coco",
        "flickr30k",
        page=write_tables,
        source=_SOURCE,
        claims=claims_of(("mixgen-albef-1m", other) for other in ("plain-albef-1m", *_REAL_SHARES)),
    ),
)
