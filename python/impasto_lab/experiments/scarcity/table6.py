"""Table 6: the variants of MixGen, as pictures and in figures."""

from __future__ import annotations

from dataclasses import replace

from impasto_lab.experiments.experiment import Experiment, Size
from impasto_lab.experiments.real.hooks import look_for_all, mix_real, show_mixtures
from impasto_lab.experiments.real.settings import SEEDS, Real, RealArm, sizes
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


def _real_sizes() -> dict[Size, Real]:
    arms: dict[str, RealArm] = {name: RealArm(model="albef", mixgen=name, sets="1m") for name in VARIANTS}
    usual = sizes(arms)
    most = {"smoke": 48, "small": 1000, "full": 10_000}
    return {size: replace(usual[size], pretraining=0, batch_size=16, most=most[size]) for size in usual}


_TITLE = "the variants of MixGen, as pictures"
_SOURCE = "MixGen, Table 6: what the variants do to images and captions"

EXPERIMENT = Experiment(
    name="table6",
    title=_TITLE,
    about="Mixes an epoch of rendered scenes as each of the paper's variants does: how many images are mixed so that "
    "both can be seen, what is left of the captions, and pictures of pairs. Nothing is trained; a variant takes "
    "seconds.",
    arms=VARIANTS,
    run=draw_arm,
    prepare=render_scarce,
    page=show_variants,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(3))},
    source=_SOURCE,
    real=Experiment(
        name="table6",
        title=_TITLE,
        about="Mixes the papers' sets below --data as each variant does, with the tokens that ALBEF's pretraining "
        "keeps; at full 10,000 rows of each set, and BERT's --vocabulary. Nothing is trained.",
        arms=VARIANTS,
        run=mix_real,
        prepare=look_for_all,
        page=show_mixtures,
        settings=_real_sizes(),
        seeds=SEEDS,
        source=_SOURCE,
        options=("data", "vocabulary"),
    ),
)
