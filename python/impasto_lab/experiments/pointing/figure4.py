"""Figure 4: maps of where a model looks, with MixGen and without, successes and failures."""

from __future__ import annotations

from dataclasses import replace

from impasto_lab.experiments.pointing.hooks import show_maps
from impasto_lab.experiments.pointing.settings import LOOKED_AT
from impasto_lab.experiments.pointing.table5 import EXPERIMENT as TABLE5
from impasto_lab.experiments.pointing.table5 import SETTINGS
from impasto_lab.experiments.real.building import on_real_data
from impasto_lab.experiments.real.settings import both as both_real

_TITLE = "where a model looks, with MixGen and without, successes and failures"
_SOURCE = "MixGen, Figure 4: Grad-CAM maps for expressions and questions, in examples"

EXPERIMENT = replace(
    TABLE5,
    name="figure4",
    title=_TITLE,
    about="Table 5 with one seed, for its pictures: the first expressions of the tests that are found with MixGen "
    "alone, without it alone, by both and by neither, each with the maps of both models, the expression's box and the "
    "one that was chosen; and likewise the first questions, after tuning to VQA, with where each model looked for its "
    "answer. A run of table5 draws the expressions, too.",
    settings={
        size: replace(settings, tuning={**settings.tuning, "vqa": settings.tuning["grounding"]})
        for size, settings in SETTINGS.items()
    },
    seeds={"smoke": (0,), "small": (0,)},
    source=_SOURCE,
    published={},
    claims=(),
    real=on_real_data(
        "figure4",
        _TITLE,
        both_real("albef"),
        "refcoco+",
        "vqa",
        pictures=LOOKED_AT,
        page=show_maps,
        source=_SOURCE,
        about="Shows the first expressions and questions that one model gets right, both and neither. ",
    ),
)
