"""Sees that all that a run on real data needs is there, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from impasto.checks import require
from impasto.errors import ImpastoError, SourceError
from impasto_lab.experiments.experiment import Place
from impasto_lab.experiments.prepared import NAME, keep_to
from impasto_lab.experiments.real.courses import SERVED, asked
from impasto_lab.experiments.real.folder import ORIGINS, proposals_of, task_data
from impasto_lab.experiments.real.settings import Real
from impasto_lab.tasks.downstream.grounding.proposals import Proposals
from impasto_lab.tasks.pretrain import usual_set
from impasto_lab.tasks.pretrain.sets import SETS
from impasto_lab.training import pick_device


def prepare(settings: Real, place: Place) -> None:
    """Opens all that the arms need once, and tells what is missing all at once.

    Raises:
        SourceError: If anything is: data sets, weights, a GPU.
        RecipeError: If the folder is a world's, or of other data or settings.
    """
    wrong = list(_wrong(settings, place))
    if wrong:
        lines = "".join(f"\n- {one}" for one in wrong)
        raise SourceError(
            f"{len(wrong)} of what this run needs is missing; nothing was trained:{lines}", path=settings.data
        )
    rendered = "what lies here was made of a rendered world; choose another folder for real data, or remove it"
    require(not (place.shared / "world").exists(), f"{place.shared}: {rendered}")
    keep_to(place.shared / NAME, asdict(settings))


def _wrong(settings: Real, place: Place) -> Iterator[str]:
    """What is missing, a line each."""
    yield from _weights_missing(settings, place)
    try:
        device = pick_device(place.device)
    except ImpastoError as error:
        yield str(error)
    else:
        if settings.published and settings.trains and place.device == "auto" and device.type == "cpu":
            yield "a GPU: models of the papers' size are trained on some; --device cpu tries without"
    if settings.data is None:
        yield "the folder of the data: name it with --data; docs/reproducing.md tells what lies where"
        return
    if not Path(settings.data).is_dir():
        yield f"the folder of the data: there is no {settings.data}"
        return
    sets = {name: None for arm in place.arms for name in SETS[settings.arms[arm].sets]}
    checks: list[tuple[str, str, Callable[[], object]]] = [
        (name, name, lambda name=name: usual_set(settings.data or "", name, missing=settings.missing))  # type: ignore[misc]
        for name in sets
    ]
    for course, split in asked(settings.tuning, untuned=settings.untuned):
        checks.append((course, f"{course}, {split}", lambda one=course, part=split: task_data(settings, one, part)))  # type: ignore[misc]
    if "refcoco+" in settings.tuning:
        checks.append(("refcoco+", "refcoco+, proposals", lambda: Proposals(proposals_of(settings))))
    for name, told, opens in checks:
        try:
            opens()
        except ImpastoError as error:
            yield f"{told}: {error}. It takes {ORIGINS[name]}"


def _weights_missing(settings: Real, place: Place) -> Iterator[str]:
    words = {settings.arms[arm].model for arm in place.arms} - {"clip"}
    models = words if settings.trains else set()
    fused = models & {"albef", "tcl"}
    needed = {
        "vocabulary": (words, "BERT's vocab.txt (huggingface.co/bert-base-uncased)"),
        "bert": (fused, "the BERT that they begin from (huggingface.co/bert-base-uncased)"),
        "vit": (fused, "the DeiT that they begin from (deit_base_patch16_224 of github.com/facebookresearch/deit)"),
        "weights": (models & {"vilt"}, "the ViT that it begins from (vit_base_patch32_384 of timm)"),
    }
    for name, (users, what) in needed.items():
        given = getattr(settings, name)
        if given is not None and not Path(given).exists():
            yield f"--{name}: there is no {given}"
        elif given is None and settings.published and users:
            yield f"--{name}: {', '.join(sorted(users))} of the papers' size need {what}"


def served(settings: Real) -> Iterator[str]:
    """VQA's splits for the evaluation server whose questions are there."""
    for split in SERVED:
        if any(Path(settings.data or "", "annotations").glob(f"v2_OpenEnded_mscoco_{split}20*_questions.json")):
            yield split
