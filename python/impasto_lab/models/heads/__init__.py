"""Heads: what tasks put on top of the pretrained models."""

from impasto_lab.models.heads.head import Head
from impasto_lab.models.heads.making import HEADS, new_head

__all__ = ["HEADS", "Head", "new_head"]
