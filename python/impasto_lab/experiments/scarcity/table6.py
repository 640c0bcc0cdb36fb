"""Table 6: the variants of MixGen, as pictures and in figures."""

from __future__ import annotations

from impasto_lab.experiments.experiment import Experiment, Size
from impasto_lab.experiments.scarcity.hooks import draw_arm, render_scarce, show_variants
from impasto_lab.experiments.scarcity.settings import Arm, Mixed, Scarcity, Training
from impasto_lab.experiments.scarcity.table7 import VARIANTS


def _settings(each: int, batch_size: int, **sizes: int) -> Scarcity:
    arms: dict[str, Arm] = {name: Mixed(model="clip", images=each, variant=name) for name in VARIANTS}
    return Scarcity(training={"clip": Training(steps=0, batch_size=batch_size, lr=0.0)}, arms=arms, **sizes)


SETTINGS: dict[Size, Scarcity] = {
    "smoke": _settings(48, 16, images=64, held=16),
    "small": _settings(1600, 16, images=1600, held=250),
}

EXPERIMENT = Experiment(
    name="table6",
    title="the variants of MixGen, as pictures",
    about="Mixes an epoch of rendered scenes as each of the paper's variants does: how many images are mixed so that "
    "both can be seen, what is left of the captions, and pictures of pairs. Nothing is trained; a variant takes "
    "seconds.",
    arms=VARIANTS,
    run=draw_arm,
    prepare=render_scarce,
    page=show_variants,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(3))},
    source="MixGen, Table 6: what the variants do to images and captions",
)
