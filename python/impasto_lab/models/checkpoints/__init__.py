"""Weights that users have, by path: read strictly, and written."""

from impasto_lab.models.checkpoints.adapting import adapted
from impasto_lab.models.checkpoints.clip import load_clip
from impasto_lab.models.checkpoints.encoders import begin_from, load_bert, load_vit
from impasto_lab.models.checkpoints.fusion import load_albef, load_tcl
from impasto_lab.models.checkpoints.reading import fill, read_config, read_tensors
from impasto_lab.models.checkpoints.saving import export_model, kind_of, new_model, open_model, save_model
from impasto_lab.models.checkpoints.text_tower import TextTowerFile, load_text_tower, lock_text_tower, text_tower
from impasto_lab.models.checkpoints.vilt import load_vilt

__all__ = [
    "TextTowerFile",
    "adapted",
    "begin_from",
    "export_model",
    "fill",
    "kind_of",
    "load_albef",
    "load_bert",
    "load_clip",
    "load_tcl",
    "load_text_tower",
    "load_vilt",
    "load_vit",
    "lock_text_tower",
    "new_model",
    "open_model",
    "read_config",
    "read_tensors",
    "save_model",
    "text_tower",
]
