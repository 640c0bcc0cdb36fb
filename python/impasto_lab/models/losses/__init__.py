"""What the models are trained with, as pure functions of scores, features and what was drawn."""

from impasto_lab.models.losses.contrastive import global_local, own_targets, taught_targets
from impasto_lab.models.losses.geodesic import geodesic_mix, m2_mix_loss
from impasto_lab.models.losses.matching import hard_negatives, matching_loss
from impasto_lab.models.losses.transport import transport_plan, word_patch_alignment
from impasto_lab.models.losses.words import masked_word_loss

__all__ = [
    "geodesic_mix",
    "global_local",
    "hard_negatives",
    "m2_mix_loss",
    "masked_word_loss",
    "matching_loss",
    "own_targets",
    "taught_targets",
    "transport_plan",
    "word_patch_alignment",
]
