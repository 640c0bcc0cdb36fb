"""Transformer blocks under all models: a pre-norm one for images, a post-norm one for words."""

from impasto_lab.models.blocks.attention import kept_attention
from impasto_lab.models.blocks.bert import Bert, WordHead
from impasto_lab.models.blocks.compiling import compile_blocks
from impasto_lab.models.blocks.recomputing import recompute_blocks
from impasto_lab.models.blocks.vit import VisionTransformer, VitBlock

__all__ = [
    "Bert",
    "VisionTransformer",
    "VitBlock",
    "WordHead",
    "compile_blocks",
    "kept_attention",
    "recompute_blocks",
]
