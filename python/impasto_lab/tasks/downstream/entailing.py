"""Visual entailment on SNLI-VE: does an image entail a hypothesis, contradict it, or leave it open?"""

from __future__ import annotations

import numpy as np

from impasto.errors import SourceError
from impasto.sources import Nlvr2, SnliVe, Source
from impasto_lab.tasks.downstream.batches import training_batches
from impasto_lab.tasks.downstream.classing import Classing, classes_of, require_labels, with_head
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.options import NoOptions
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Downstream, Figures, Judging, Tuning

_NAME = "snli-ve"


def begin(opened: Opened, data: Source, settings: TuneSettings, judging: Judging, held_out: Source | None) -> Tuning:
    """Sets up the training of a head with three classes (Li et al. 2021, section 5.1).

    Raises:
        SourceError: If a row has no class of SNLI-VE's.
    """
    _require_hypotheses(data)
    if held_out is not None:
        _require_hypotheses(held_out)
    ready = with_head(opened, _NAME, data, settings, judging, classes=len(SnliVe.classes), images=1)
    recipe = ready.recipe(length=settings.length, draws=settings.hflip)
    loader = training_batches(ready, data, recipe, settings, judging)
    held = None if held_out is None else lambda: judge(ready, held_out, judging)
    ramp = len(data) // settings.batch_size
    return Tuning(ready, Classing(ready, held, alpha=settings.alpha, ramp=ramp), loader)


def judge(opened: Opened, data: Source, judging: Judging) -> Figures:
    """The share of hypotheses that are judged right, and of those of each class that there are.

    Raises:
        SourceError: If a row has no class of SNLI-VE's.
    """
    _require_hypotheses(data)
    return figures(*classes_of(opened, data, judging))


def _require_hypotheses(data: Source) -> None:
    if isinstance(data, Nlvr2):
        raise SourceError(f"{data!r} has statements, true or false; snli-ve needs hypotheses of three classes")
    require_labels(data, len(SnliVe.classes))


def figures(predicted: list[int], labels: list[int]) -> Figures:
    """``accuracy``, of all and by class, in per cent."""
    right, known = np.array(predicted) == np.array(labels), np.array(labels)
    found = {"accuracy": 100 * float(right.mean())}
    for number, name in enumerate(SnliVe.classes):
        if (known == number).any():
            found[name] = 100 * float(right[known == number].mean())
    return found


TASK = Downstream(name=_NAME, models=("vilt", "albef", "tcl"), options=NoOptions, judge=judge, begin=begin, headed=True)
