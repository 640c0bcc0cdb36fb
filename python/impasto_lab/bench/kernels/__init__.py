"""Kernels beside their peers: who does a piece of work, and how far the answers may be apart; nothing is timed here."""

from impasto_lab.bench.kernels.augmentation import albef_randaugment, augmented_epochs, randaugment
from impasto_lab.bench.kernels.decoders import decoders
from impasto_lab.bench.kernels.decoding import decoding
from impasto_lab.bench.kernels.group import Group
from impasto_lab.bench.kernels.inputs import captions, encoded, jpegs, views
from impasto_lab.bench.kernels.laying_out import laying_out
from impasto_lab.bench.kernels.mixing import mixed_epochs, mixing
from impasto_lab.bench.kernels.resizers import resizers
from impasto_lab.bench.kernels.resizing import resizing
from impasto_lab.bench.kernels.tokenizing import bert, clip
from impasto_lab.bench.kernels.turns import Arm, time_groups

__all__ = [
    "Arm",
    "Group",
    "albef_randaugment",
    "augmented_epochs",
    "bert",
    "captions",
    "clip",
    "decoders",
    "decoding",
    "encoded",
    "jpegs",
    "laying_out",
    "mixed_epochs",
    "mixing",
    "randaugment",
    "resizers",
    "resizing",
    "time_groups",
    "views",
]
