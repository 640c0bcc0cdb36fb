"""The demonstration: real photographs from files to mixed batches, a trained model and a report."""

from impasto.experiments.demo.run import Demo, DemoResult, run

__all__ = ["Demo", "DemoResult", "run"]
