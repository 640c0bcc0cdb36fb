"""Runs the published scorers on what `inputs` draws, and writes the numbers that come out.

    PYTHONPATH=python:tests python tests/lab/metrics/official/make_goldens.py VQA ALBEF

takes clones of GT-Vision-Lab/VQA (of commit a013f00, whose prints of Python 2 are left out) and salesforce/ALBEF.
Needs pycocoevalcap 1.2.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lab.metrics.official import inputs

GOLDENS = Path(__file__).with_name("goldens.json")


def main(vqa: str, albef: str) -> None:
    """Writes the goldens."""
    scorers = {
        "official-2021": _scorer(Path(vqa, "PythonEvaluationTools/vqaEvaluation/vqaEval.py")),
        "albef": _scorer(Path(albef, "vqaTools/vqaEval.py")),
    }
    goldens = {
        "answers": {name: _answers(scorer) for name, scorer in scorers.items()},
        "captions": [_captions(corpus) for corpus in inputs.corpora()],
    }
    GOLDENS.write_text(json.dumps(goldens, indent=1) + "\n", encoding="utf-8")


def _scorer(path: Path) -> Any:
    source = re.sub(r'\bprint "[^"]*"', "pass", path.read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    exec(compile(source, str(path), "exec"), names)
    return names["VQAEval"]


def _answers(scorer: Any) -> dict[str, Any]:
    drawn = inputs.questions()
    people = {
        number: {
            "answers": [{"answer": answer, "answer_id": at} for at, answer in enumerate(question.answers)],
            "question_type": question.question_type,
            "answer_type": question.answer_type,
        }
        for number, question in enumerate(drawn)
    }
    truth = SimpleNamespace(qa=people, getQuesIds=lambda: list(people))
    results = SimpleNamespace(qa={number: {"answer": question.predicted} for number, question in enumerate(drawn)})
    scored = scorer(truth, results)
    with contextlib.redirect_stdout(io.StringIO()):
        scored.evaluate()
    return {"accuracy": scored.accuracy, "questions": [scored.evalQA[number] for number in range(len(drawn))]}


def _captions(corpus: inputs.Corpus) -> dict[str, Any]:
    from pycocoevalcap.bleu.bleu_scorer import BleuScorer
    from pycocoevalcap.cider.cider_scorer import CiderScorer

    bleu, cider = BleuScorer(n=4), CiderScorer()
    for caption, references in zip(corpus.captions, corpus.references, strict=True):
        pair = " ".join(caption), [" ".join(reference) for reference in references]
        bleu += pair
        cider += pair
    with contextlib.redirect_stdout(io.StringIO()):
        corpus_bleu, _ = bleu.compute_score(option="closest")
        _, each = cider.compute_score()
    return {"bleu": [float(score) for score in corpus_bleu], "cider": [float(score) for score in each]}


if __name__ == "__main__":
    main(*sys.argv[1:])
