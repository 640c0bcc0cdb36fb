"""NLVR2: is a sentence true of a pair of images?"""

from __future__ import annotations

from impasto.errors import SourceError
from impasto.loading import PairedLoader
from impasto.sources import Nlvr2, Source
from impasto_lab.metrics import judge_pairs, sentence_of
from impasto_lab.tasks.downstream.batches import training_batches
from impasto_lab.tasks.downstream.classing import Classing, classes_of, require_labels, with_head
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.options import NoOptions
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Downstream, Figures, Judging, Tuning


def begin(opened: Opened, data: Source, settings: TuneSettings, judging: Judging, held_out: Source | None) -> Tuning:
    """Sets up the training of a head with two classes; the two images of a statement are cropped alike.

    Raises:
        SourceError: If the data is no `impasto.sources.Nlvr2`.
    """
    left = _pairs(data)
    held = None if held_out is None else _pairs(held_out)
    if held is not None:
        require_labels(held, 2)
    ready = with_head(opened, "nlvr2", left, settings, judging, classes=2, images=2)
    recipe = ready.recipe(length=settings.length, draws=settings.hflip)
    sides = (training_batches(ready, side, recipe, settings, judging) for side in (left, left.right))
    after = None if held is None else lambda: judge(ready, held, judging)
    ramp = len(left) // settings.batch_size
    return Tuning(ready, Classing(ready, after, alpha=settings.alpha, ramp=ramp), PairedLoader(*sides))


def judge(opened: Opened, data: Source, judging: Judging) -> Figures:
    """``accuracy`` of statements; ``consistency`` of sentences, where all of them have identifiers; in per cent.

    Raises:
        SourceError: If the data is no `impasto.sources.Nlvr2`.
    """
    left = _pairs(data)
    require_labels(left, 2)
    predicted, labels = classes_of(opened, left, judging, right=left.right)
    identifiers = [left.facts(row).get("identifier") for row in range(len(left))]
    if not all(isinstance(one, str) for one in identifiers):
        return {"accuracy": judge_pairs(predicted, labels, [str(row) for row in range(len(left))]).accuracy}
    found = judge_pairs(predicted, labels, [sentence_of(str(one)) for one in identifiers])
    return {"accuracy": found.accuracy, "consistency": found.consistency}


def _pairs(data: Source) -> Nlvr2:
    if not isinstance(data, Nlvr2):
        raise SourceError(f"{data!r} has one image a row; nlvr2 needs pairs, as impasto.sources.Nlvr2 reads them")
    return data


TASK = Downstream(
    name="nlvr2", models=("vilt", "albef", "tcl"), options=NoOptions, judge=judge, begin=begin, headed=True
)
