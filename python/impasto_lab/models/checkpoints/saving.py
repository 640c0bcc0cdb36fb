"""Models as folders of ours (safetensors and their settings), or of Hugging Face's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor, nn

from impasto.checks import require
from impasto.errors import CheckpointError, RecipeError
from impasto.files import new_folder
from impasto_lab.models.albef import Albef
from impasto_lab.models.checkpoints.adapting import adapted
from impasto_lab.models.checkpoints.clip import clip_for_transformers
from impasto_lab.models.checkpoints.reading import fill, read_config, read_tensors
from impasto_lab.models.checkpoints.vilt import vilt_for_transformers
from impasto_lab.models.clip import Clip
from impasto_lab.models.settings import ClipSettings, FusionSettings, ViltSettings
from impasto_lab.models.tcl import Tcl
from impasto_lab.models.vilt import Vilt

_KINDS: dict[str, tuple[Any, Any]] = {
    "clip": (Clip, ClipSettings),
    "vilt": (Vilt, ViltSettings),
    "albef": (Albef, FusionSettings),
    "tcl": (Tcl, FusionSettings),
}


def save_model(
    model: Clip | Vilt | Albef,
    folder: str | Path,
    *,
    whole: nn.Module | None = None,
    notes: Mapping[str, Any] | None = None,
) -> None:
    """Saves a model as ``model.safetensors`` and ``config.json``, in a folder that appears when it is complete.

    Args:
        model: The model.
        folder: Where to.
        whole: What it is a part of, with a head for a task; all of that is saved.
        notes: What else the ``config.json`` is to say; ``"head"`` where there is one.

    Raises:
        RecipeError: If it is of another kind.
    """
    config = {"model": kind_of(model), "settings": asdict(model.settings), **(notes or {})}
    _write(folder, (model if whole is None else whole).state_dict(), config)


def kind_of(model: Clip | Vilt | Albef) -> str:
    """What files call a model: ``"clip"``, ``"vilt"``, ``"albef"`` or ``"tcl"``.

    Raises:
        RecipeError: If it is of another kind.
    """
    kind = next((name for name, (made, _) in _KINDS.items() if type(model) is made), None)
    if kind is None:
        raise RecipeError(f"a {type(model).__name__} can't be saved so; those of {', '.join(_KINDS)} can")
    return kind


def open_model(folder: str | Path) -> Clip | Vilt | Albef:
    """A model that `save_model` saved, in evaluation mode on the CPU.

    Raises:
        CheckpointError: If it is missing, damaged, or of something else.
    """
    config = read_config(folder)
    if "head" in config:
        reason = f"it has a head for {config.get('task')!r}; open it with impasto_lab.tasks.downstream.open_checkpoint"
        raise CheckpointError(reason, path=str(folder))
    model = new_model(config, folder)
    fill(model, read_tensors(folder), folder)
    return model.eval()


def new_model(config: Mapping[str, Any], folder: str | Path) -> Clip | Vilt | Albef:
    """A model of the kind and sizes that a ``config.json`` names, with weights that are drawn.

    Args:
        config: What `read_config` reads.
        folder: Where it lies, for messages.

    Raises:
        CheckpointError: If it names none of our models, or settings that they don't have.
    """
    kind = config.get("model")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise CheckpointError("its config.json names none of our models; see load_clip and its like", path=str(folder))
    made, settings = _KINDS[kind]
    try:
        model: Clip | Vilt | Albef = made(settings(**config["settings"]))
    except (KeyError, TypeError, RecipeError) as error:
        raise CheckpointError(f"its settings are not the model's: {error}", path=str(folder)) from error
    return model


def export_model(model: Clip | Vilt, folder: str | Path, *, rows: Tensor | None = None) -> None:
    """Writes a model as Hugging Face's transformers read it: a CLIP, or a ViLT for masked words.

    Args:
        model: The model.
        folder: Where to.
        rows: [V] int64, for each id of the tokenizer the model's row, where it has rows for some ids alone:
            ``open_checkpoint(run).rows``. The table is written with a row for each id. A CLIP's captions end with the
            last id.

    Raises:
        RecipeError: If it is of a kind that they don't have, as ALBEF, TCL and a CLIP with a BERT are, or a CLIP of
            some ids without rows.
    """
    if isinstance(model, Clip):
        require(model.settings.text == "causal", "transformers have no CLIP whose text tower is a BERT; use save_model")
    if rows is not None:
        model = adapted(model, rows=rows)
    if isinstance(model, Clip):
        # There captions are pooled at the last id, wherever the model's own end has its row.
        whole = rows is not None or model.settings.vocabulary >= ClipSettings().vocabulary
        remedy = "give rows=, for each of the tokenizer's ids its row, as open_checkpoint(run).rows has them"
        require(whole, f"a CLIP with rows for {model.settings.vocabulary} ids needs to know which; {remedy}")
        _write(folder, *clip_for_transformers(model))
    elif isinstance(model, Vilt):
        _write(folder, *vilt_for_transformers(model))
    else:
        raise RecipeError(f"transformers have no {type(model).__name__}; use save_model")


def _write(folder: str | Path, tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with new_folder(folder) as place:
        save_file(whole, place / "model.safetensors", metadata={"format": "pt"})
        (place / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
