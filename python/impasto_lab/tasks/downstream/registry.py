"""All downstream tasks by name: light, for help; a task's file is imported when it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from impasto.checks import choice

if TYPE_CHECKING:
    from impasto_lab.tasks.downstream.task import Downstream

#: By name: the file below this room whose ``TASK`` it is, the title, and whether there is anything to train.
TASKS: dict[str, tuple[str, str, bool]] = {
    "retrieval": ("retrieving", "images and captions, found in each other", True),
    "vqa": ("answering", "questions about images, answered from a list", True),
    "snli-ve": ("entailing", "hypotheses about images: entailed, contradicted, open", True),
    "nlvr2": ("pairing", "statements about pairs of images: true or false", True),
    "grounding": ("grounding.pointing", "expressions, found in images by where a model looks", True),
    "captioning": ("captioning.describing", "captions, told by a decoder", True),
    "zero-shot": ("zero_shot.naming", "classes told by their names, never trained on", False),
}


def find_task(name: str) -> Downstream:
    """The task of a name.

    Raises:
        RecipeError: If there is none.
    """
    choice("task", name, tuple(TASKS))
    task: Downstream = importlib.import_module(f"impasto_lab.tasks.downstream.{TASKS[name][0]}").TASK
    return task
