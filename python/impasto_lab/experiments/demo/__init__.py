"""The demonstration: real photographs from files to mixed batches, a trained model and a report."""

from impasto_lab.experiments.demo.running import run
from impasto_lab.experiments.demo.settings import Demo, DemoResult

__all__ = ["Demo", "DemoResult", "run"]
