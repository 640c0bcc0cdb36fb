"""VQA 2.0's questions, with the answers of ten people."""

import os
import re
from array import array
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.checks import is_count
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.json_files import entry, read_entries
from impasto.sources.reading.json_kind import VQA, require_kind
from impasto.sources.reading.kept import Kept
from impasto.sources.reading.showing import show

#: How images are called, the official files' first.
NAMES = (
    "COCO_{subtype}_{image_id:012d}.jpg",
    "{subtype}/COCO_{subtype}_{image_id:012d}.jpg",
    "{image_id:012d}.jpg",
    "{subtype}/{image_id:012d}.jpg",
)
_LOOKED_AT = 20


class VqaQuestions(IndexedSource):
    """Questions about images, of VQA 2.0's official files (Goyal et al. 2017).

    One row is one question, in the order of the file; its key is the ``question_id``, its caption the question. A row's
    facts are its entry, and of its annotation ``answers`` (ten strings), ``question_type``, ``answer_type`` and
    ``multiple_choice_answer``. Annotations of other questions are left out; a question without one is at fault where
    annotations are given.

    Args:
        questions: The JSON file: ``{"data_subtype", "questions": [{"image_id", "question", "question_id"}]}``.
        annotations: The JSON file ``{"annotations": [{"question_id", "image_id", "question_type", "answer_type",
            "answers": [{"answer", ...} x 10]}]}``; None for questions of a test.
        images: The folder of the images.
        name: How an image is called below it, of ``{subtype}`` and ``{image_id:012d}``; by default the official name,
            or the one in `NAMES` that the first images have.

    Raises:
        SourceError: A file is missing, malformed, of another format or empty, or the two are not of the same questions;
            there is no such folder.
    """

    def __init__(
        self,
        questions: StrPath,
        *,
        images: StrPath,
        annotations: StrPath | None = None,
        name: str | None = None,
    ) -> None:
        root = require_folder(images)
        path = checks.path("questions", questions)
        document, kept = read_entries(path)
        require_kind(document, VQA, path)
        subtype = _images_of(document)
        pattern = name or _pattern(root, document["questions"], subtype)
        self._questions = kept["questions"]
        self._annotations: Kept | None = None
        self._places = array("q")
        places: dict[int, int] | None = None
        left_out: Counter[str] = Counter()
        if annotations is not None:
            places = self._annotated(checks.path("annotations", annotations), document["questions"], left_out)
        builder, seen = IndexBuilder(root), set[int]()
        for place, one in enumerate(document["questions"]):
            number, image = _numbers(one)
            captions = as_captions(one.get("question") if isinstance(one, dict) else None, path=path)
            self._places.append(-1 if places is None or number is None else places.get(number, -1))
            wrong = None
            if number is None or image is None:
                wrong = f"questions[{place}] has no whole 'question_id' and 'image_id'; take it from the original file"
            elif number in seen:
                wrong = f"question {number} occurs twice; remove one"
            elif places is not None and number not in places:
                wrong = f"question {number} has no annotation; name the annotations of the same split"
            key = f"questions[{place}]" if number is None else str(number)
            if wrong:
                builder.add_fault(key, SourceError(wrong, path=path), captions)
            else:
                assert number is not None
                seen.add(number)
                builder.add_file(key, pattern.format(subtype=subtype, image_id=image), captions)
        told = f"{path!r}, images={os.fspath(images)!r}"
        told += f", annotations={os.fspath(annotations)!r}" if annotations is not None else ""
        super().__init__(builder.finish(), told, left_out)

    def _annotated(self, path: str, questions: list[Any], left_out: Counter[str]) -> dict[int, int]:
        """The places of annotations by question."""
        document, kept = read_entries(path)
        annotations = document.get("annotations") if isinstance(document, dict) else None
        if not isinstance(annotations, list) or not any(
            "answers" in one for one in annotations if isinstance(one, dict)
        ):
            reason = "this is no file of VQA annotations: it has no 'annotations' with 'answers'; check the path"
            raise SourceError(reason, path=path)
        asked = {_numbers(one)[0] for one in questions}
        places: dict[int, int] = {}
        for place, one in enumerate(annotations):
            number = _numbers(one)[0]
            if number is not None and number in asked and _answers(one) is not None:
                places[number] = place
            else:
                left_out["annotations of other questions, or without answers"] += 1
        if not places:
            reason = f"none of its {len(annotations)} annotations has answers to these questions; name their split's"
            raise SourceError(reason, path=path)
        self._annotations, self._answered_in = kept["annotations"], path
        return places

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        facts = entry(self._questions, row)
        facts = facts if isinstance(facts, dict) else {}
        if self._annotations is None or self._places[row] < 0:
            return facts
        annotation = entry(self._annotations, self._places[row])
        named = {name: annotation.get(name, "") for name in ("question_type", "answer_type", "multiple_choice_answer")}
        for name, value in named.items():
            if not isinstance(value, str):
                reason = f"the annotation's {name} is {show(value)}, not a string; make it one, or remove it"
                raise SourceError(reason, key=self.key(row), path=self._answered_in)
        return {**facts, **named, "answers": _answers(annotation)}


def annotations_beside(questions: Path) -> Path | None:
    """The file of annotations that lies beside the questions, by the official names; None where there is none."""
    name = questions.name.replace("OpenEnded_", "").replace("MultipleChoice_", "").replace("questions", "annotations")
    found = questions.with_name(name)
    return found if name != questions.name and found.exists() else None


def question_images(document: Mapping[str, Any]) -> list[Path]:
    """What the first images may be called."""
    subtype = _images_of(document)
    ids = [number for one in islice(document["questions"], _LOOKED_AT) if (number := _numbers(one)[1]) is not None]
    return [Path(name.format(subtype=subtype, image_id=id)) for id in ids for name in NAMES]


def _images_of(document: Mapping[str, Any]) -> str:
    """The part of COCO that the images are of: test-dev's and test-std's questions are about test's."""
    return re.sub(r"^test-[a-z]+", "test", str(document.get("data_subtype", "")))


def _pattern(root: str, questions: list[Any], subtype: Any) -> str:
    ids = [number for one in questions[:_LOOKED_AT] if (number := _numbers(one)[1]) is not None]
    there = (
        name for name in NAMES if any(Path(root, name.format(subtype=subtype, image_id=id)).is_file() for id in ids)
    )
    return next(there, NAMES[0])


def _numbers(one: Any) -> tuple[int | None, int | None]:
    if not isinstance(one, dict):
        return None, None
    question, image = one.get("question_id"), one.get("image_id")
    return (question if is_count(question) else None), (image if is_count(image) else None)


def _answers(annotation: Any) -> list[str] | None:
    given = annotation.get("answers") if isinstance(annotation, dict) else None
    if not isinstance(given, list) or not given:
        return None
    told = [one.get("answer") if isinstance(one, dict) else None for one in given]
    answers = [one for one in told if isinstance(one, str)]
    return answers if len(answers) == len(told) else None
