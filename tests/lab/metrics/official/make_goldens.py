"""Runs the published scorers on what `inputs` draws, and writes the numbers that come out.

    PYTHONPATH=python:tests python tests/lab/metrics/official/make_goldens.py VQA ALBEF NLVR PYTHON2

takes clones of GT-Vision-Lab/VQA (of commit a013f00, whose prints of Python 2 are left out), salesforce/ALBEF and
lil-lab/nlvr, and a Python 2.7 (the goldens are 2.7.18's), which runs the first as it is. Needs pycocoevalcap 1.2.
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
#: What Python 2 runs: from a path, and people and predictions as JSON, to what `_answers` gives.
_UNDER_PYTHON_2 = """
import imp, json, os, sys
people, predicted = json.load(sys.stdin)
people, predicted = dict(enumerate(people)), dict(enumerate(predicted))
class Truth:
    qa = people
    getQuesIds = staticmethod(lambda: sorted(people))
class Results:
    qa = predicted
told, sys.stdout = sys.stdout, open(os.devnull, "w")
scored = imp.load_source("vqaEval", sys.argv[1]).VQAEval(Truth, Results)
scored.evaluate()
json.dump({"accuracy": scored.accuracy, "questions": [scored.evalQA[one] for one in sorted(people)]}, told)
"""


def main(vqa: str, albef: str, nlvr: str, python2: str) -> None:
    """Writes the goldens."""
    official = Path(vqa, "PythonEvaluationTools/vqaEvaluation/vqaEval.py")
    scorers = {"official-2021": _scorer(official), "albef": _scorer(Path(albef, "vqaTools/vqaEval.py"))}
    goldens = {
        "answers": {name: _answers(scorer, inputs.questions()) for name, scorer in scorers.items()},
        "told apart": {
            "official-2021": _answers(scorers["official-2021"], inputs.told_apart()),
            "official-python2": _answers_of_python2(official, python2, inputs.told_apart()),
        },
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


def _answers(scorer: Any, drawn: list[inputs.Question]) -> dict[str, Any]:
    people, predicted = (dict(enumerate(each)) for each in _as_files(drawn))
    truth = SimpleNamespace(qa=people, getQuesIds=lambda: list(people))
    scored = scorer(truth, SimpleNamespace(qa=predicted))
    with contextlib.redirect_stdout(io.StringIO()):
        scored.evaluate()
    return {"accuracy": scored.accuracy, "questions": [scored.evalQA[number] for number in range(len(people))]}


def _answers_of_python2(path: Path, python: str, drawn: list[inputs.Question]) -> dict[str, Any]:
    command = [python, "-c", _UNDER_PYTHON_2, path]
    done = subprocess.run(command, input=json.dumps(_as_files(drawn)), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _as_files(drawn: list[inputs.Question]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """What people answered, and what was predicted, as annotations and results have it."""
    people = [
        {
            "answers": [{"answer": answer, "answer_id": at} for at, answer in enumerate(question.answers)],
            "question_type": question.question_type,
            "answer_type": question.answer_type,
        }
        for question in drawn
    ]
    return people, [{"answer": question.predicted} for question in drawn]


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
