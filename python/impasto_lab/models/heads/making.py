"""Which head a task has for which model."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.errors import CheckpointError, RecipeError
from impasto_lab.models.heads.head import Head

#: File and class by task and kind of model.
HEADS: dict[tuple[str, str], tuple[str, str]] = {
    ("vqa", "albef"): ("answering", "Telling"),
    ("vqa", "tcl"): ("answering", "Telling"),
    ("captioning", "albef"): ("answering", "Telling"),
    ("captioning", "tcl"): ("answering", "Telling"),
    ("vqa", "vilt"): ("answering", "ViltClassifier"),
    ("snli-ve", "albef"): ("judging", "FusionClassifier"),
    ("snli-ve", "tcl"): ("judging", "FusionClassifier"),
    ("snli-ve", "vilt"): ("answering", "ViltClassifier"),
    ("nlvr2", "albef"): ("judging", "FusionClassifier"),
    ("nlvr2", "tcl"): ("judging", "FusionClassifier"),
    ("nlvr2", "vilt"): ("answering", "ViltClassifier"),
}


def head_kind(task: str, model: str) -> type[Head]:
    """The class of a task's head for a kind of model.

    Raises:
        RecipeError: If there is none.
    """
    if (task, model) not in HEADS:
        kinds = sorted(kind for name, kind in HEADS if name == task)
        raise RecipeError(f"a {model} has no head for {task}; there are those of {', '.join(kinds) or 'no model'}")
    file, name = HEADS[task, model]
    kind: type[Head] = getattr(importlib.import_module(f"impasto_lab.models.heads.{file}"), name)
    return kind


def new_head(task: Any, model: str, base: Any, sizes: Mapping[str, Any], path: str | Path) -> Head:
    """A head as a checkpoint describes it, with weights that are drawn.

    Raises:
        CheckpointError: If there is no such head.
    """
    try:
        return head_kind(task, model)(base, **sizes)
    except (TypeError, RecipeError) as error:
        raise CheckpointError(f"its head is none of ours: {error}", path=str(path)) from error
