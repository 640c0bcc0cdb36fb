"""Figure 6: how much of a batch is mixed."""

from __future__ import annotations

from impasto_lab.experiments.experiment import Claim, Experiment, Size
from impasto_lab.experiments.scarcity.hooks import compare_arms, render_scarce, train_arm
from impasto_lab.experiments.scarcity.settings import Arm, Mixed, Scarcity, Training
from impasto_lab.experiments.scarcity.table3 import SMALL

#: M as a share of the batch, by arm. The paper sweeps it in batches of 512, M = 128 is its choice.
RATIOS: dict[str, float] = {"sixteenth": 1 / 16, "eighth": 1 / 8, "quarter": 1 / 4, "half": 1 / 2, "whole": 1.0}


def _settings(each: int, training: Training, **sizes: int) -> Scarcity:
    arms: dict[str, Arm] = {"none": Arm(model="clip", mixgen=False, images=each)}
    arms |= {name: Mixed(model="clip", images=each, ratio=ratio) for name, ratio in RATIOS.items()}
    return Scarcity(training={"clip": training}, arms=arms, **sizes)


SETTINGS: dict[Size, Scarcity] = {
    "smoke": _settings(48, Training(steps=2, batch_size=16, lr=1e-3), images=64, held=16, evaluations=1),
    "small": _settings(400, SMALL["clip"], images=1600, held=250, evaluations=8),
}

EXPERIMENT = Experiment(
    name="figure6",
    title="how much of a batch is mixed",
    about="Trains a small dual encoder (48 px) on 400 rendered scenes in batches of 64, of which none, a sixteenth, an "
    "eighth, a quarter, a half or all rows become mixtures, and retrieves held-out scenes. Where all do, partners are "
    "drawn from the whole batch. Finished trainings are kept. The published setting needs a million images and "
    "batches of 512.",
    arms=tuple(SETTINGS["small"].arms),
    run=train_arm,
    prepare=render_scarce,
    page=compare_arms,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(8))},
    source="MixGen, Figure 6: M from none to the whole batch of 512; a quarter is the best",
    claims=tuple(
        Claim(better="quarter", worse=other, metric=f"RSUM {part}")
        for part in ("seen", "unseen")
        for other in ("none", *RATIOS)
        if other != "quarter"
    ),
)
