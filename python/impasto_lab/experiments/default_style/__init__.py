"""The style model that comes with impasto: how it was made, from its data to its measures."""

from impasto_lab.experiments.default_style.running import run
from impasto_lab.experiments.default_style.settings import DefaultStyle

__all__ = ["DefaultStyle", "run"]
