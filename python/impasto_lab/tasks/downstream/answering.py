"""Visual question answering on VQA 2.0: ALBEF and TCL rank a list of answers, ViLT classifies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.batch import Batch
from impasto.checks import require
from impasto.errors import CheckpointError, SourceError
from impasto.files import new_file
from impasto.sources import Source
from impasto_lab.metrics import HumanAnswers, answer_accuracies, normalize_answer
from impasto_lab.models import Albef, Words
from impasto_lab.models.heads import Telling, ViltClassifier, new_head
from impasto_lab.tasks.downstream.answer_list import answers_in, build_answers, humans_in, read_answers
from impasto_lab.tasks.downstream.batches import evaluation_batches, training_batches
from impasto_lab.tasks.downstream.looking.questions import draw_questions
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.options import VqaOptions
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Downstream, Figures, Judging, Tuning
from impasto_lab.tasks.evaluating import evaluating
from impasto_lab.tasks.pretrain.vocabulary import captions_of
from impasto_lab.tasks.tokens import closed, tokens

#: ViLT's targets, by how many of ten people gave the answer (Kim et al. 2021, the published code).
_SOFT = (0.0, 0.3, 0.6, 0.9, 1.0)
#: The figures of the scorers besides the first.
_OTHER_SCORERS = ("official-python2", "albef")


def begin(opened: Opened, data: Source, settings: TuneSettings, judging: Judging, held_out: Source | None) -> Tuning:
    """Sets up the training; the list of answers is that of the options, or made of the data's annotations.

    Raises:
        SourceError: If the data has no answers.
        RecipeError: If no answer is frequent enough, or the list has none to any question.
    """
    options: VqaOptions = judging.options
    if options.answers is None:
        answers = build_answers(data, options.frequent)
    else:
        answers = read_answers(Path(options.answers))
        unfit = "the list has no answer to any of the questions; name the list that is of these data (answers)"
        require(answerable(humans_in(data), answers) > 0, unfit)
    sized = opened.at_size(image_size=settings.image_size)
    recipe = sized.recipe(length=settings.length, question=True, draws=settings.hflip)
    assert recipe.text is not None
    people = (normalize_answer(one) for facts in answers_in(data) for one in facts.get("answers", ()))
    known = sized.knowing([*captions_of(data), *answers, *people], recipe.text, seed=settings.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        sizes = {"classes": len(answers)} if known.kind == "vilt" else {}
        head = new_head("vqa", known.kind, known.base, sizes, known.path)
    ready = known.tuned("vqa", head.to(judging.device), {"answers": answers})
    if held_out is not None:
        require_answerable(ready, held_out, judging)
    loader = training_batches(ready, data, recipe, settings, judging, fields=("answers",))
    ramp = len(data) // settings.batch_size
    return Tuning(ready, Answering(ready, held_out, judging, alpha=settings.alpha, ramp=ramp), loader)


class Answering:
    """Trains a head on what people answered.

    A decoder learns each different answer by its share of people; a classifier to give each answer of the list a score
    by how many gave it, none to answers outside of the list.

    Args:
        opened: The model with its head, on its device.
        held_out: Questions to judge it on, or None.
        judging: How.
        alpha: The weight of a decoder's teacher.
        ramp: Batches over which it grows from 0.
    """

    def __init__(
        self, opened: Opened, held_out: Source | None, judging: Judging, *, alpha: float = 0.4, ramp: int = 0
    ) -> None:
        self._opened, self._held_out, self._judging = opened, held_out, judging
        self.alpha, self.ramp = alpha, ramp
        self._places = {answer: place for place, answer in enumerate(opened.notes["answers"])}

    @property
    def model(self) -> nn.Module:
        """What is trained."""
        return self._opened.whole

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The loss of a batch."""
        people = [Counter(map(normalize_answer, answers)) for answers in batch.fields["answers"]]
        input_ids, mask = tokens(batch)
        head = self.model
        if isinstance(head, ViltClassifier):
            logits = head((batch.images,), input_ids, mask)
            targets = self._targets(people).to(logits.device)
            # The sum over answers, as the published loss has it, and the mean over questions.
            loss = functional.binary_cross_entropy_with_logits(logits, targets) * targets.shape[1]
            return {"loss": loss}
        assert isinstance(head, Telling)
        given = [
            (row, answer, count / sum(own.values())) for row, own in enumerate(people) for answer, count in own.items()
        ]
        rows, shares = torch.tensor([row for row, _, _ in given]), torch.tensor([share for _, _, share in given])
        answer = answer_ids(self._opened, [answer for _, answer, _ in given])
        device = batch.images.device
        alpha = self.alpha * min(1.0, batch.id.number / self.ramp) if self.ramp else self.alpha
        moved = (answer[0].to(device), answer[1].to(device))
        losses = head(batch.images, (input_ids, mask), moved, rows.to(device), alpha=alpha)
        return {"loss": (losses * shares.to(losses)).sum() / len(people)}

    def _targets(self, people: Sequence[Counter[str]]) -> Tensor:
        targets = torch.zeros(len(people), len(self._places))
        for row, own in enumerate(people):
            for answer, count in own.items():
                if answer in self._places:
                    targets[row, self._places[answer]] = _SOFT[min(count, 4)]
        return targets

    def after_step(self) -> None:
        """The teachers follow."""
        if isinstance(self.model, Telling):
            self.model.follow()

    def evaluate(self) -> dict[str, float]:
        """The accuracies on the held-out questions."""
        return judge(self._opened, self._held_out, self._judging) if self._held_out is not None else {}


def judge(opened: Opened, data: Source, judging: Judging) -> Figures:
    """VQA 2.0's accuracies in per cent, by each scorer and by kind of answer; ``vqa_results.json`` where asked for.

    ``in the list`` is the share of questions to which the list has an answer that somebody gave.
    Where pictures are asked for, `draw_questions` draws them. Questions without annotations, such as those of test-dev,
    are answered for the server: nothing is scored, and ``with annotations`` is 0.

    Raises:
        RecipeError: If there is neither an answer to compare with nor a folder to write to, or k is too large; if
            pictures are asked for without a folder, or of a classifier.
        SourceError: If the data has no questions.
    """
    humans, pictures = require_answerable(opened, data, judging), judging.options.pictures
    predicted = answer_all(opened, data, judging)
    if judging.out is not None:
        results = [{"question_id": number, "answer": answer} for number, answer in predicted.items()]
        with new_file(judging.out / "vqa_results.json") as file:
            file.write_text(json.dumps(results) + "\n", encoding="utf-8")
    if pictures:
        answers = list(opened.notes["answers"])
        places = {number: answers.index(answer) for number, answer in predicted.items()}
        draw_questions(opened, data, answer_ids(opened, answers), places, humans, judging)
    if not humans:
        return {"questions": float(len(predicted)), "with annotations": 0.0}
    return accuracies(predicted, humans, opened.notes["answers"])


def require_answerable(opened: Opened, data: Source, judging: Judging) -> dict[int, HumanAnswers]:
    """Requires that `judge` can be done, before anything is computed.

    Returns:
        What people answered, by question.

    Raises:
        RecipeError: As `judge` does.
        CheckpointError: If the checkpoint has no list of answers.
        SourceError: If the data has no questions, or the folder can't be made.
    """
    options: VqaOptions = judging.options
    humans = humans_in(data)
    neither = "the questions have no annotations, so nothing can be scored; name a folder for the answers (out)"
    require(bool(humans) or judging.out is not None, neither)
    pictures, decodes = options.pictures, isinstance(opened.whole, Telling)
    require(pictures == 0 or judging.out is not None, f"{pictures} pictures need a folder; name one (out)")
    require(pictures == 0 or decodes, f"a {opened.kind} has no fusion layers to draw maps of; leave pictures out")
    require(decodes or options.k is None, f"a {opened.kind} scores every answer; leave k out")
    count = len(answers_of(opened))
    require(options.k is None or options.k <= count, f"k={options.k} of {count} answers; use k={count} or fewer")
    judging.require_out()
    return humans


def answers_of(opened: Opened) -> list[str]:
    """The list that a tuned model chooses from.

    Raises:
        CheckpointError: If the checkpoint has none.
    """
    answers = opened.notes.get("answers")
    if not isinstance(answers, list) or not answers or not all(isinstance(one, str) for one in answers):
        raise CheckpointError("its config.json has no list of answers; take the one of its training", path=opened.path)
    return answers


def accuracies(predicted: Mapping[int, str], humans: Any, answers: Sequence[str]) -> Figures:
    """What `judge` tells of answers.

    Args:
        predicted: An answer to each question.
        humans: `HumanAnswers` of the same questions.
        answers: The list that was chosen from.

    Raises:
        RecipeError: If the questions differ.
    """
    first = answer_accuracies(predicted, humans)
    figures = {"accuracy": first.overall, **first.by_answer_type}
    for scorer in _OTHER_SCORERS:
        figures[f"accuracy ({scorer})"] = answer_accuracies(predicted, humans, scorer=scorer).overall  # type: ignore[arg-type]
    return {**figures, "in the list": answerable(humans, answers)}


def answerable(humans: Mapping[int, HumanAnswers], answers: Sequence[str]) -> float:
    """The per cent of questions to which the list has an answer that somebody gave; 0 where nobody gave any."""
    known = set(answers)
    there = [bool(known & set(map(normalize_answer, one.answers))) for one in humans.values()]
    return 100 * sum(there) / max(len(there), 1)


def answer_all(opened: Opened, data: Source, judging: Judging) -> dict[int, str]:
    """An answer of the list to each question, by the question's id.

    Raises:
        RecipeError: If k is larger than the list.
        SourceError: If the data has no questions.
    """
    options: VqaOptions = judging.options
    answers: list[str] = list(opened.notes["answers"])
    head = opened.whole
    decodes = isinstance(head, Telling)
    k = min(128, len(answers)) if options.k is None else options.k
    ids = answer_ids(opened, answers) if decodes else None
    if "question_id" not in data.facts(0):
        raise SourceError(f"{data!r} has no questions with an id; give VQA's questions", key=data.key(0))
    predicted: dict[int, str] = {}
    loader = evaluation_batches(opened, data, opened.recipe(question=True), judging, fields=("question_id",))
    with evaluating(head) as device:
        listed = None if ids is None else (ids[0].to(device), ids[1].to(device))
        for number, batch in enumerate(loader, 1):
            images, (input_ids, mask) = batch.images.to(device), (part.to(device) for part in tokens(batch))
            if listed is None:
                chosen = head((images,), input_ids, mask).argmax(dim=1)
            else:
                assert isinstance(head, Telling)
                scores, numbers = head.rank(head.read(images, input_ids, mask), mask, listed, k=k, first=options.first)
                chosen = numbers.gather(1, scores.argmax(dim=1, keepdim=True))[:, 0]
            asked = batch.fields["question_id"].tolist()
            predicted |= {one: answers[place] for one, place in zip(asked, chosen.tolist(), strict=True)}
            judging.progress(number, len(loader))
    return predicted


def answer_ids(opened: Opened, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Ids and mask [A, L] of texts to be told, from ``[CLS]`` to ``[SEP]``; L is that of the longest."""
    assert isinstance(opened.base, Albef)
    assert isinstance(opened.words, Words)
    text = opened.recipe().text
    assert text is not None
    return closed(*opened.encode(texts, text), opened.words.sep)


TASK = Downstream(
    name="vqa", models=("vilt", "albef", "tcl"), options=VqaOptions, judge=judge, begin=begin, headed=True
)
