"""Where a model looks in an image to answer a question."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from impasto.files import new_file
from impasto.ops import decode
from impasto.sources import Source
from impasto_lab.metrics import HumanAnswers, answer_accuracies
from impasto_lab.models import fusion_maps
from impasto_lab.models.heads import Telling
from impasto_lab.models.heads.decoder import sequence_likelihoods
from impasto_lab.tasks.downstream.batches import evaluation_batches
from impasto_lab.tasks.downstream.looking.drawing import draw_heat, save_picture
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.task import Judging
from impasto_lab.tasks.evaluating import evaluating
from impasto_lab.tasks.tokens import tokens

#: What `draw_questions` writes beside its pictures.
LOOKED = "looked_at.json"


def question_maps(
    head: Telling, images: Tensor, question: tuple[Tensor, Tensor], answer: tuple[Tensor, Tensor]
) -> Tensor:
    """Where questions look in their images, by how likely it makes their answers (Grad-CAM, see `fusion_maps`).

    Args:
        head: An ALBEF or a TCL with its decoder.
        images: [B, 3, H, W], normalised.
        question: Ids and mask [B, M].
        answer: Ids and mask [B, L], from ``[CLS]`` to ``[SEP]``, one for each question.

    Returns:
        [B, h, w], never negative.
    """

    def likelihood() -> Tensor:
        logits = head.decoder(answer[0], head.read(images, *question), question[1])  # [B, L, V]
        return sequence_likelihoods(logits, *answer)

    return fusion_maps(head.base, likelihood, question[1])


def draw_questions(
    opened: Opened,
    data: Source,
    answers: tuple[Tensor, Tensor],
    chosen: Mapping[int, int],
    humans: Mapping[int, HumanAnswers],
    judging: Judging,
) -> None:
    """Draws where a model looked for its answers to the first questions.

    Writes ``pictures/*.png`` and ``looked_at.json`` into the folder: of each, ``question_id``, ``question``,
    ``answer``, ``accuracy`` (in per cent, where people answered), ``image`` and ``picture``.

    Args:
        opened: The model with its decoder.
        data: Questions; the first `VqaOptions.pictures` of them are drawn.
        answers: Ids and mask [A, L] of the list.
        chosen: The place in the list of each question's answer, by the question's id.
        humans: What people answered, by the question's id.
        judging: How; its folder is written into.
    """
    head, folder = opened.whole, judging.out
    assert isinstance(head, Telling)
    assert folder is not None
    first = data[: judging.options.pictures]
    loader = evaluation_batches(opened, first, opened.recipe(question=True), judging, fields=("question_id",))
    told: list[dict[str, Any]] = []
    with evaluating(head) as device:
        for batch in loader:
            asked = batch.fields["question_id"].tolist()
            places = [chosen[one] for one in asked]
            ids, mask = tokens(batch)
            taken = (answers[0][places].to(device), answers[1][places].to(device))
            maps = question_maps(head, batch.images.to(device), (ids.to(device), mask.to(device)), taken)
            for row, one, place, heat in zip(batch.samples.tolist(), asked, places, maps.cpu(), strict=True):
                sample, answer = first[row], str(opened.notes["answers"][place])
                scored = answer_accuracies({one: answer}, {one: humans[one]}).overall if one in humans else None
                picture = save_picture(draw_heat(decode(sample.image), heat), folder, len(told))
                facts = {"question_id": one, "question": sample.captions[0], "answer": answer, "accuracy": scored}
                told.append({**facts, "image": Path(sample.path).name, "picture": picture})
    with new_file(folder / LOOKED) as file:
        file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
