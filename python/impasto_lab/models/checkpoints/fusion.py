"""ALBEF's and TCL's published .pth files, which have the same names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from impasto.errors import CheckpointError
from impasto_lab.models.albef import Albef
from impasto_lab.models.blocks.positions import resized_positions
from impasto_lab.models.checkpoints.reading import fill, read_tensors
from impasto_lab.models.checkpoints.renaming import Rule, renamed, require_tied
from impasto_lab.models.settings import FusionSettings
from impasto_lab.models.tcl import Tcl

FusionT = TypeVar("FusionT", Albef, Tcl)

_TOWERS = "visual_encoder|text_encoder|vision_proj|text_proj"
#: The head's table is the words' own, its bias is there under two names, positions count from 0.
_LEFT_OUT = r"bert\.embeddings\.position_ids|cls\.predictions\.decoder\.(weight|bias)"
RULES: tuple[Rule, ...] = (
    (rf"text_encoder(_m)?\.({_LEFT_OUT})", None),
    (rf"({_TOWERS})_m\.(.*)", r"teacher.\1.\2"),
    (rf"({_TOWERS})\.(.*)", r"towers.\1.\2"),
    (r"image_queue", "queue.images"),
    (r"text_queue", "queue.texts"),
    (r"queue_ptr", "queue.place"),
)


def load_albef(path: str | Path, settings: FusionSettings | None = None) -> Albef:
    """A published ALBEF, from before it was tuned to a task.

    Args:
        path: The ``.pth`` file of salesforce/ALBEF.
        settings: Its sizes, the paper's by default; positions of patches are interpolated to ``image_size``, and the
            queue begins anew where it has another size.

    Raises:
        CheckpointError: If it is missing, damaged, or of another model.
    """
    return _load(Albef(settings or FusionSettings()), path)


def load_tcl(path: str | Path, settings: FusionSettings | None = None) -> Tcl:
    """A published TCL, from before it was tuned to a task; arguments as `load_albef`'s, of uta-smile/TCL."""
    return _load(Tcl(settings or FusionSettings()), path)


def _load(model: FusionT, path: str | Path) -> FusionT:
    tensors = ours(read_tensors(path), path)
    side = model.settings.image_size // model.settings.patch
    for name in ("towers.visual_encoder.pos_embed", "teacher.visual_encoder.pos_embed"):
        if name not in tensors or tensors[name].ndim != 3:
            raise CheckpointError(f"it lacks {name.partition('.')[2]} or has it in another shape", path=str(path))
        tensors[name] = resized_positions(tensors[name], (side, side), mode="bicubic")
    queue = tensors.get("queue.images")
    if queue is not None and queue.shape[-1] != model.settings.queue:
        own = model.state_dict()
        tensors |= {name: own[name] for name in ("queue.images", "queue.texts", "queue.place")}
    fill(model, tensors, path)
    return model.eval()


def ours(tensors: Mapping[str, Tensor], path: str | Path) -> dict[str, Tensor]:
    """A published file's tensors by our names.

    Raises:
        CheckpointError: If what the model has once is there twice and differs.
    """
    for encoder in ("text_encoder", "text_encoder_m"):
        head = f"{encoder}.cls.predictions"
        require_tied(tensors, f"{head}.decoder.weight", f"{encoder}.bert.embeddings.word_embeddings.weight", path)
        require_tied(tensors, f"{head}.decoder.bias", f"{head}.bias", path)
    result = renamed(tensors, RULES)
    if "queue.place" in result:
        result["queue.place"] = result["queue.place"].reshape(())
    return result
