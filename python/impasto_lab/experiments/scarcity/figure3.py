"""Figure 3: what MixGen gives where images are few."""

from __future__ import annotations

from dataclasses import replace

from impasto_lab.experiments.downstream.hooks import write_tables
from impasto_lab.experiments.experiment import Claim, Experiment, Size
from impasto_lab.experiments.real.building import claims_of, on_real_data
from impasto_lab.experiments.real.settings import both
from impasto_lab.experiments.scarcity.hooks import compare_arms, render_scarce, train_arm
from impasto_lab.experiments.scarcity.settings import Arm, Scarcity, Training, comes_of

#: Images of Figure 3's axis, here.
IMAGES = (400, 200, 800, 1600)

#: At this number, equal epochs and equal steps are the same.
BOTH = 400


def _arms(shrink: int, epochs: int) -> dict[str, Arm]:
    """Pairs of arms; an arm's name says how many images it has at full number, and whether its steps are equal."""
    arms = {}
    for equal, number in [(epochs, number) for number in IMAGES] + [(None, n) for n in IMAGES if n != BOTH]:
        for mixgen in (False, True):
            name = f"{'mixgen' if mixgen else 'plain'}-{number}{'' if equal else '-steps'}"
            arms[name] = Arm(model="clip", mixgen=mixgen, images=number // shrink, epochs=equal)
    return arms


def _settings(*, shrink: int = 1, epochs: int, held: int, evaluations: int) -> Scarcity:
    batch_size = 64 // shrink
    training = Training(steps=epochs * BOTH // shrink // batch_size, batch_size=batch_size, lr=1e-3)
    return Scarcity(
        images=max(IMAGES) // shrink,
        held=held,
        evaluations=evaluations,
        training={"clip": training},
        arms=_arms(shrink, epochs),
    )


SETTINGS: dict[Size, Scarcity] = {
    "smoke": _settings(shrink=8, epochs=1, held=20, evaluations=2),
    "small": _settings(epochs=256, held=250, evaluations=16),
}

#: Figure 3's 3M, 2M, 1M and 200K of 3M images, by what arms' names end with.
SHARES: dict[str, float] = {"": 1.0, "-two-thirds": 2 / 3, "-third": 1 / 3, "-fifteenth": 1 / 15}

_TITLE = "what MixGen gives where images are few"
_SOURCE = "MixGen, Figure 3: 3M, 2M, 1M and 200K images, the gain is largest where they are fewest"

EXPERIMENT = Experiment(
    name="figure3",
    title=_TITLE,
    about="Trains a small dual encoder (48 px, 0.2 M parameters) on 200 to 1,600 rendered scenes, at equal epochs and "
    "at equal steps, with MixGen and without, and draws the curves. Finished trainings are kept. At small size a seed "
    "takes a core half an hour or more; the published setting needs millions of images.",
    arms=tuple(SETTINGS["small"].arms),
    run=train_arm,
    comes_of=comes_of,
    prepare=render_scarce,
    page=compare_arms,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(8))},
    source=_SOURCE,
    claims=tuple(
        Claim(better=name, worse=name.replace("mixgen", "plain"), metric=f"RSUM {part}")
        for part in ("seen", "unseen")
        for name in SETTINGS["small"].arms
        if name.startswith("mixgen")
    ),
    real=on_real_data(
        "figure3",
        _TITLE,
        {
            f"{arm}{name}": replace(own, share=share)
            for name, share in SHARES.items()
            for arm, own in both("albef").items()
        },
        "coco",
        "flickr30k",
        page=write_tables,
        source=_SOURCE,
        claims=claims_of((f"mixgen-albef{name}", f"plain-albef{name}") for name in SHARES),
        about="All images that are there stand for 3M; two thirds, a third and a fifteenth of each set for 2M, 1M and "
        "200K, those of smaller shares among those of larger ones, at equal epochs. ",
    ),
)
