"""The style model that comes with impasto: how it was made, from its data to its measures."""

from impasto.experiments.default_style.run import run
from impasto.experiments.default_style.settings import DefaultStyle

__all__ = ["DefaultStyle", "run"]
