"""Runs the published scorers on what `inputs` draws, and writes the numbers that come out.

    PYTHONPATH=python:tests python tests/lab/metrics/official/make_goldens.py VQA ALBEF NLVR

takes clones of GT-Vision-Lab/VQA (of commit a013f00, whose prints of Python 2 are left out), salesforce/ALBEF and
lil-lab/nlvr. Needs pycocoevalcap 1.2.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from lab.metrics.official import inputs

GOLDENS = Path(__file__).with_name("goldens.json")


def main(vqa: str, albef: str, nlvr: str) -> None:
    """Writes the goldens."""
    scorers = {
        "official-2021": _scorer(Path(vqa, "PythonEvaluationTools/vqaEvaluation/vqaEval.py")),
        "albef": _scorer(Path(albef, "vqaTools/vqaEval.py")),
    }
    goldens = {
        "answers": {name: _answers(scorer) for name, scorer in scorers.items()},
        "captions": [_captions(corpus) for corpus in inputs.corpora()],
        "grounding": _grounding(Path(albef, "dataset/utils.py")),
        "reasoning": _reasoning(Path(nlvr, "nlvr2/eval/metrics.py")),
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


def _grounding(path: Path) -> dict[str, float]:
    source = path.read_text(encoding="utf-8")
    functions = [
        part for part in re.split(r"(?m)^(?=def )", source) if part.startswith(("def grounding_eval", "def compute"))
    ]
    names: dict[str, Any] = {"F": torch.nn.functional, "tqdm": list}
    exec("".join(functions).split("\ndef vqa")[0].replace(".cuda()", ""), names)
    drawn = [one for one in inputs.expressions() if one.heat.any()]  # else it takes the box of the one before
    refer = SimpleNamespace(
        Refs={number: {"image_id": number, "split": one.split} for number, one in enumerate(drawn)},
        refToAnn={number: {"bbox": one.truth} for number, one in enumerate(drawn)},
        Imgs={number: dict(zip(("height", "width"), one.size, strict=True)) for number, one in enumerate(drawn)},
    )
    results = [{"ref_id": number, "pred": torch.from_numpy(one.heat)} for number, one in enumerate(drawn)]
    proposals = {str(number): one.proposals for number, one in enumerate(drawn)}
    with contextlib.redirect_stdout(io.StringIO()):
        found: dict[str, float] = names["grounding_eval"](results, proposals, None, refer, 0.5, mask_size=8)
    return found


def _reasoning(path: Path) -> dict[str, float]:
    names, labels, predicted = inputs.judgements()
    with tempfile.TemporaryDirectory() as folder:
        guesses, truth = Path(folder, "guesses.csv"), Path(folder, "truth.json")
        guesses.write_text("\n".join(f"{name},{guess}" for name, guess in zip(names, predicted, strict=True)))
        lines = [{"identifier": name, "label": label} for name, label in zip(names, labels, strict=True)]
        truth.write_text("\n".join(map(json.dumps, lines)))
        done = subprocess.run([sys.executable, path, guesses, truth], capture_output=True, text=True, check=True)
    return {name: float(value) for name, value in (line.split("=") for line in done.stdout.split())}


if __name__ == "__main__":
    main(*sys.argv[1:])
