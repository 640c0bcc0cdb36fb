"""The demonstration: real photographs from files to mixed batches, a trained model and a report."""

from impasto.experiments.demo.run import run
from impasto.experiments.demo.settings import Demo, DemoResult

__all__ = ["Demo", "DemoResult", "run"]
