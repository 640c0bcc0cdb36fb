"""Scenes with questions, hypotheses, statements about pairs and referring expressions, in the real formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto.progress import Progress
from impasto.streams import stream
from impasto_lab.worlds.formats.layout import World
from impasto_lab.worlds.formats.sample import Sample
from impasto_lab.worlds.formats.writer import write_world
from impasto_lab.worlds.language.hypotheses import suppose
from impasto_lab.worlds.language.questions import ask
from impasto_lab.worlds.language.references import propose, refer
from impasto_lab.worlds.language.statements import state
from impasto_lab.worlds.language.things import things_of
from impasto_lab.worlds.scenes.world import SIZES, Size, samples

#: What is written besides the captions' formats.
FORMATS = ("vqa", "snli_ve", "nlvr2", "refcoco", "refcoco_list")
_QUESTIONS = 4


def render_language(
    out: str | Path, *, size: str | Size = "tiny", seed: int = 0, progress: Progress | None = None
) -> World:
    """Renders scenes with what may be asked and said of them.

    Beside the files of `write_world` there are, for each split: VQA 2.0's questions and annotations and SNLI-VE's lines
    in ``annotations/``, NLVR2's statements and images in ``nlvr2/``, RefCOCO+'s expressions, things and proposals in
    ``refcoco+/``, and ALBEF's lists of them in ``annotations/``. A model that makes no mistake scores 100 in all; of
    retrieval captions are excepted that two images share.

    Args:
        out: The folder to make.
        size: Of the scenes: ``"tiny"``, ``"small"``, ``"medium"``, or any `Size`.
        seed: The whole input.
        progress: Called after every image.

    Raises:
        RecipeError: If there is no such size.
        SourceError: See `impasto_lab.worlds.write_world`.
    """
    chosen = SIZES[size] if isinstance(size, str) and size in SIZES else size
    made = told(samples(size=chosen, seed=seed), seed=seed)
    total = chosen.images if isinstance(chosen, Size) else 0
    about: dict[str, Any] = {"seed": seed, "size": size if isinstance(size, str) else total}
    return write_world(out, made, name="language", total=total, about=about, formats=FORMATS, progress=progress)


def told(scenes: Iterator[Sample], *, seed: int) -> Iterator[Sample]:
    """Scenes with facts of what may be asked and said of them.

    A statement is told of two pairs, an image and the one before it in the split, and the image and the one before
    that; it is true of one of them.

    Args:
        scenes: From `impasto_lab.worlds.scenes.samples`.
        seed: Of the words.
    """
    before: list[tuple[int, Sample]] = []
    for number, scene in enumerate(scenes, start=1):
        if before and before[-1][1].split != scene.split:
            before = []
        facts = dict(scene.facts)
        references = refer(facts, scene.width)
        facts |= {
            "questions": ask(facts, stream(seed, "questions", number), _QUESTIONS),
            "hypotheses": suppose(facts, stream(seed, "hypotheses", number)),
            "references": references,
            "proposals": propose(references, scene.width, stream(seed, "proposals", number)),
            "statements": _statements(number, scene, before[-2:], seed),
        }
        before.append((number, scene))
        yield replace(scene, facts=facts)


def _statements(number: int, scene: Sample, before: list[tuple[int, Sample]], seed: int) -> list[dict[str, Any]]:
    if len(before) < 2:
        return []
    made = state(before[-1][1].facts, scene.facts, before[-2][1].facts, stream(seed, "statements", number))
    if made is None:
        return []
    (sentence, judge), right = made, things_of(scene.facts)
    return [
        {"sentence": sentence, "set": number, "other": other, "label": judge(things_of(left.facts), right)}
        for other, left in reversed(before)
    ]
