"""One arm with a seed on real data: pretrained, tuned to each task by itself, and judged, by what the verbs run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto.checks import require
from impasto_lab.experiments.downstream.running import RECALLS
from impasto_lab.experiments.downstream.training import pretrain_once, tune_once
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.pointing.running import QUESTIONS, maps_folder
from impasto_lab.experiments.ranking.measuring import found_first
from impasto_lab.experiments.ranking.running import keep_ranks, ranks_of
from impasto_lab.experiments.real.courses import CANDIDATES, COURSES, UNTUNED, Assignment
from impasto_lab.experiments.real.folder import first, pretraining_data, proposals_of, task_data
from impasto_lab.experiments.real.preparing import served
from impasto_lab.experiments.real.settings import GPUS, Course, Real
from impasto_lab.models import Vilt
from impasto_lab.tasks.downstream import (
    GroundingOptions,
    Judging,
    Opened,
    RetrievalOptions,
    TuneSettings,
    VqaOptions,
    evaluate,
    find_task,
    held_of,
    open_checkpoint,
)
from impasto_lab.tasks.pretrain import captions_of
from impasto_lab.training import pick_device
from impasto_lab.training.distributed import world

#: The splits whose maps are drawn.
_DRAWN = "RefCOCO+ testA"


def run_piece(piece: Piece, settings: Real, place: Place) -> Mapping[str, float]:
    """Pretrains, tunes and judges; each part that is done is not done again.

    The folder gets a run of `impasto train` for each: ``pretraining/``, and one by the name of each task's data.
    Answers for VQA's evaluation server are written beside the model that gave them.

    Returns:
        ``"RSUM COCO-Ft"`` and likewise of the recalls and of Flickr30K, ``-Zs`` of a model that was tuned on COCO
        alone; ``"VQA val"``, ``"NLVR2 test-P"`` and others the accuracy in per cent; of figure 5 `found_first`.
    """
    pretrained = pretrain(piece, settings, place)
    found: dict[str, float] = {}
    if settings.untuned:
        opened = open_checkpoint(pretrained)
        for told, (course, split) in UNTUNED.items():
            found |= _judged("retrieval", told, opened, (course, split), settings, piece, place)
    for course in settings.tuning:
        own = COURSES[course]
        opened = open_checkpoint(_tuned(course, own, pretrained, piece, settings, place))
        for told, judged in own.judged.items():
            found |= _judged(own.task, told, opened, judged, settings, piece, place)
        if course == "vqa":
            _answer(opened, settings, place)
        if course == "coco" and settings.ranks:
            found |= _ranked(opened, settings, piece, place)
    return found


def pretrain(piece: Piece, settings: Real, place: Place) -> Path:
    """Pretrains an arm's model, or goes on with it; the arms of a seed share weights, order and crops.

    Returns:
        The run's folder.
    """
    model = settings.arms[piece.arm].model

    def opens() -> Any:
        data = pretraining_data(settings, piece.arm, piece.seed)
        pairs, processes = sum(1 for _ in captions_of(data)), world()[1]
        return data, settings.pretrains(piece.arm, pairs=pairs, seed=piece.seed, processes=processes)

    begin = None
    if settings.published:
        usual = (settings.bert, settings.vit) if settings.vit is not None else None
        begins = {"vilt": (None, settings.weights) if settings.weights is not None else None, "clip": None}
        begin = begins.get(model, usual)
    words = None if model == "clip" else settings.vocabulary  # CLIP's vocabulary is its own
    return pretrain_once(
        piece, place, opens, vocabulary=words, begin=begin, workers=settings.threads, budget=settings.budget
    )


def tuning(course: Course, model: str, settings: Real, *, seed: int, processes: int = 1) -> TuneSettings:
    """How a model is tuned on a course's data.

    Args:
        course: Whose data.
        model: The kind of the model.
        settings: The experiment's.
        seed: Of everything.
        processes: That train together.

    Raises:
        RecipeError: If a batch can't be shared out among so many processes.
    """
    own = COURSES[course]
    usual = TuneSettings.of(own.task, model, "base" if settings.published else "small")
    together = settings.batch_size or usual.batch_size * GPUS
    batch_size, left = divmod(together, processes)
    require(left == 0, f"a batch of {together} can't be shared out among {processes} processes")
    # ViLT's own settings have their epochs.
    epochs = usual.epochs if model == "vilt" else own.epochs or usual.epochs
    return replace(usual, epochs=epochs, steps=settings.tuning[course], batch_size=batch_size, seed=seed)


def _tuned(course: Course, own: Assignment, pretrained: Path, piece: Piece, settings: Real, place: Place) -> Path:
    model = settings.arms[piece.arm].model

    def opens() -> Any:
        how = tuning(course, model, settings, seed=piece.seed, processes=world()[1])
        return task_data(settings, course, own.train), how

    options = VqaOptions(frequent=settings.frequent) if own.task == "vqa" else None
    return tune_once(course, own.task, pretrained, piece, place, opens, options=options, threads=settings.threads)


def _judged(
    task: str, told: str, opened: Opened, of: tuple[Course, str], settings: Real, piece: Piece, place: Place
) -> dict[str, float]:
    """What is found of a split, by what it is called on the page."""
    course, split = of
    options, out = find_task(task).options(), None
    pictures = 0 if world()[0] else settings.pictures  # of processes that judge alike, one draws
    if task == "retrieval":
        closely = opened.kind in ("albef", "tcl")
        options = RetrievalOptions(k=(settings.k or CANDIDATES[course]) if closely else None)
    elif task == "grounding":
        drawn = told == _DRAWN and pictures > 0
        out = maps_folder(place.shared, piece) if drawn else None
        options = GroundingOptions(proposals=str(proposals_of(settings)), pictures=pictures if drawn else 0)
    elif task == "vqa" and pictures > 0 and opened.kind != "vilt":
        out, options = maps_folder(place.shared, piece) / QUESTIONS, VqaOptions(pictures=pictures)
    judging = _judging(settings, place, options, out)
    data = task_data(settings, course, split)
    if task == "retrieval" and opened.kind == "vilt":
        data = first(data, settings.compared)
    figures = evaluate(task, opened, data, judging)
    if task == "retrieval":
        return {f"{name} {told}": figures[known] for known, name in RECALLS.items()}
    more = {"consistency": "consistency", "empty": "on no proposal"}
    return {told: figures["accuracy"]} | {
        f"{told}, {name}": figures[known] for known, name in more.items() if known in figures
    }


def _answer(opened: Opened, settings: Real, place: Place) -> None:
    """Writes answers for the evaluation server, where its questions are there."""
    for split in served(settings) if world()[0] == 0 else ():
        options = find_task("vqa").options()
        judging = _judging(settings, place, options, place.folder / "vqa" / f"answers-{split}")
        evaluate("vqa", opened, task_data(settings, "vqa", split), judging)


def _ranked(opened: Opened, settings: Real, piece: Piece, place: Place) -> dict[str, float]:
    """COCO's images, ranked for each caption by the towers."""
    assert not isinstance(opened.base, Vilt)
    judging = _judging(settings, place, RetrievalOptions(), None)
    opened.base.to(judging.device)
    held = held_of(opened, task_data(settings, "coco", "test"), judging)
    scores = held.scores(opened.base).numpy()
    if world()[0] == 0:
        keep_ranks({"COCO": ranks_of(held, scores)}, piece, place)
    found = found_first(scores, held.image_of.numpy(), seed=piece.seed)
    return {f"{name} by towers, COCO": value for name, value in found.items()}


def _judging(settings: Real, place: Place, options: Any, out: Path | None) -> Judging:
    return Judging(options=options, workers=settings.threads, device=pick_device(place.device), out=out)
