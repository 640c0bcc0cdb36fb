"""What a model makes of images and captions, and which names it has for what it sees."""

from __future__ import annotations

from impasto_lab.experiments.downstream.settings import Downstream, Model, both
from impasto_lab.experiments.experiment import Claim, Experiment, Size
from impasto_lab.experiments.representing.hooks import look_at_arm, render_named, show_embeddings

_MODELS: tuple[Model, ...] = ("clip", "albef")
#: What is expected to be better with MixGen; which way the geometry should change its paper does not say.
CLAIMED = (
    *(f"{name} named, {part}" for name in ("shape", "color") for part in ("seen", "unseen")),
    *(f"{name} read off images" for name in ("shape", "color")),
    *(f"RSUM {part}" for part in ("seen", "unseen")),
)

SETTINGS: dict[Size, Downstream] = {
    "smoke": Downstream(images=24, held=12, world_side=48, pretraining=2, batch_size=8, arms=both(*_MODELS)),
    "small": Downstream(arms=both(*_MODELS)),
}

EXPERIMENT = Experiment(
    name="representation",
    title="what a model makes of images and captions, with MixGen and without",
    about="Pretrains a tiny CLIP (32 px) on 1,600 rendered scenes, with MixGen and without, and measures its "
    "embeddings of held-out ones as 'impasto analyze embeddings' does: modality gap, alignment, uniformity, what "
    "linear probes read off, retrieval of combinations that were never seen. Then it names shape and color of single "
    "things, zero-shot. With '--arms all' ALBEF's towers too. Finished trainings are kept.",
    arms=tuple(both("clip")),
    further=tuple(both("albef")),
    run=look_at_arm,
    prepare=render_named,
    takes=True,
    page=show_embeddings,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(8))},
    packages=("scikit-learn", "scipy"),
    source="modality gap (arXiv 2203.02053), alignment and uniformity (2005.10242), zero-shot classes (2103.00020)",
    claims=tuple(
        Claim(better=f"mixgen-{model}", worse=f"plain-{model}", metric=metric)
        for model in _MODELS
        for metric in CLAIMED
    ),
)
