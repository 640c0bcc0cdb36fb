"""Published tables and figures, and results of our own, that run again on command; one file or folder for each."""

from impasto_lab.experiments.experiment import SIZES as SIZES
from impasto_lab.experiments.experiment import Claim as Claim
from impasto_lab.experiments.experiment import Experiment as Experiment
from impasto_lab.experiments.experiment import Piece as Piece
from impasto_lab.experiments.experiment import Place as Place
from impasto_lab.experiments.experiment import Size as Size
