"""Heads: what tasks put on top of the pretrained models."""

from impasto_lab.models.heads.answering import Telling, ViltClassifier
from impasto_lab.models.heads.decoder import Decoder
from impasto_lab.models.heads.generating import generate, require_length
from impasto_lab.models.heads.head import Head
from impasto_lab.models.heads.judging import FusionClassifier
from impasto_lab.models.heads.making import HEADS, head_kind, new_head

__all__ = [
    "HEADS",
    "Decoder",
    "FusionClassifier",
    "Head",
    "Telling",
    "ViltClassifier",
    "generate",
    "head_kind",
    "new_head",
    "require_length",
]
