"""VQA 2.0: questions and their annotations, a pair of files a split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto_lab.worlds.formats.language.told import told_of
from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import save


class VqaWriter:
    """Writes ``v2_OpenEnded_mscoco_{split}2014_questions.json`` and ``v2_mscoco_{split}2014_annotations.json``.

    They lie in ``annotations/``.

    A sample's fact ``"questions"`` is a list of ``question``, ten ``answers``, ``question_type`` and ``answer_type``;
    the first answer is taken for the most frequent.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder, self._name = root / "annotations", name
        self._questions: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._annotations: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample.

        Raises:
            RecipeError: If nothing is asked of it.
        """
        del file
        for place, one in enumerate(told_of(sample, "questions", number, self._name)):
            ids = {"image_id": number, "question_id": 1000 * number + place}
            answers = [
                {"answer": answer, "answer_confidence": "yes", "answer_id": at}
                for at, answer in enumerate(one["answers"], start=1)
            ]
            kinds = {kind: one[kind] for kind in ("question_type", "answer_type")}
            most = {"multiple_choice_answer": one.get("right", one["answers"][0])}
            self._questions[sample.split].append({**ids, "question": one["question"]})
            self._annotations[sample.split].append({**kinds, **most, **ids, "answers": answers})

    def close(self) -> None:
        """Writes the files of the splits that have questions."""
        self._folder.mkdir(exist_ok=True)
        for split in SPLITS:
            if self._questions[split]:
                subtype = f"{split}2014"
                head = {
                    "info": {"description": f"impasto's {self._name}, {split}", "version": "2.0"},
                    "license": {},
                    "data_type": "mscoco",
                    "data_subtype": subtype,
                }
                asked = {**head, "task_type": "Open-Ended", "questions": self._questions[split]}
                save(self._folder / f"v2_OpenEnded_mscoco_{subtype}_questions.json", asked)
                answered = {**head, "annotations": self._annotations[split]}
                save(self._folder / f"v2_mscoco_{subtype}_annotations.json", answered)
