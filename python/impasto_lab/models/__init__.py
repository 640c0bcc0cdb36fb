"""Models of the papers and of the demonstrations."""

from impasto_lab.models.albef import Albef, FusionDraw
from impasto_lab.models.blocks import compile_blocks, kept_attention, recompute_blocks
from impasto_lab.models.center import CenterDetector
from impasto_lab.models.clip import Clip
from impasto_lab.models.dual_encoder import DualEncoder
from impasto_lab.models.looking import fusion_maps, grad_cam, image_maps
from impasto_lab.models.masking import MaskedWords, Words, mask_words
from impasto_lab.models.settings import ClipSettings, FusionSettings, ViltSettings
from impasto_lab.models.tcl import Tcl
from impasto_lab.models.vilt import Vilt, ViltDraw

__all__ = [
    "Albef",
    "CenterDetector",
    "Clip",
    "ClipSettings",
    "DualEncoder",
    "FusionDraw",
    "FusionSettings",
    "MaskedWords",
    "Tcl",
    "Vilt",
    "ViltDraw",
    "ViltSettings",
    "Words",
    "compile_blocks",
    "fusion_maps",
    "grad_cam",
    "image_maps",
    "kept_attention",
    "mask_words",
    "recompute_blocks",
]
