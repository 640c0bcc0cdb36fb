"""A trained model at other sizes: for larger images, other words, another queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from impasto.checks import require
from impasto_lab.models.albef import Albef
from impasto_lab.models.blocks.positions import resized_positions
from impasto_lab.models.checkpoints.reading import fill
from impasto_lab.models.clip import Clip
from impasto_lab.models.vilt import Vilt

ModelT = TypeVar("ModelT", bound=Clip | Vilt | Albef)

_QUEUE = ("queue.images", "queue.texts", "queue.place")


def adapted(
    model: ModelT,
    *,
    image_size: int | None = None,
    queue: int | None = None,
    dropout: float | None = None,
    rows: Tensor | None = None,
    seed: int = 0,
) -> ModelT:
    """A model of the same kind and weights at other sizes; itself where nothing is to change.

    Args:
        model: Of these models.
        image_size: Side of the images; positions of patches are interpolated (bicubic), as ALBEF does before tuning.
        queue: Features kept, of ALBEF and TCL; where it changes, the queue begins anew.
        dropout: Of ALBEF, TCL and ViLT.
        rows: [V] int64: for each row of the new table of words the old one's, or -1 for a row that is drawn.
        seed: Of what is drawn.

    Raises:
        RecipeError: If the model has no such size, or patches don't fill the image.
    """
    changes: dict[str, Any] = {"image_size": image_size, "queue": queue, "dropout": dropout}
    changes = {name: value for name, value in changes.items() if value is not None}
    foreign = [name for name in changes if not hasattr(model.settings, name)]
    require(not foreign, f"a {type(model).__name__} has no {', '.join(foreign)}; leave it out")
    if rows is not None:
        changes["vocabulary"] = len(rows)
    settings = replace(model.settings, **changes)
    if settings == model.settings and rows is None:
        return model
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = type(model)(settings)  # type: ignore[arg-type]
    own, old = made.state_dict(), model.state_dict()
    side = settings.image_size // settings.patch
    tensors = dict(old)
    for name, fresh in own.items():
        if name in _QUEUE and own[_QUEUE[0]].shape != old[_QUEUE[0]].shape:
            tensors[name] = fresh
        elif name.endswith("pos_embed"):
            tensors[name] = resized_positions(old[name], (side, side), mode="bicubic")
    if rows is not None:
        tensors = _resized_tables(tensors, own, rows)
    fill(made, tensors, Path(type(model).__name__))
    return made.train(model.training)  # type: ignore[return-value]


def _resized_tables(tensors: Mapping[str, Tensor], fresh: Mapping[str, Tensor], rows: Tensor) -> dict[str, Tensor]:
    """Tensors whose rows are words, with other words.

    Args:
        tensors: Of the old model, by name.
        fresh: Of a new model, for rows that the old one lacks.
        rows: [V] int64, for each new row the old one's, or -1.
    """
    known = rows >= 0
    result = dict(tensors)
    for name, table in tensors.items():
        if _is_table(name):
            grown = fresh[name].clone()
            grown[known] = table[rows[known]]
            result[name] = grown
    return result


def _is_table(name: str) -> bool:
    """Whether a tensor's rows are words: embeddings, and the heads that tell words."""
    parts = ("word_embeddings.weight", "text.tokens.weight", "cls.predictions.bias", "mlm_score.bias")
    return name.endswith((*parts, "mlm_score.decoder.weight"))
