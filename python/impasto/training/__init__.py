"""The one training loop, and what it needs: optimiser, schedule, checkpoints, metrics."""

from impasto.training.checkpoint import Checkpoints
from impasto.training.log import MetricsLog, read_metrics
from impasto.training.loop import Batches, Fit, FitSettings, Task, fit, pick_device

__all__ = ["Batches", "Checkpoints", "Fit", "FitSettings", "MetricsLog", "Task", "fit", "pick_device", "read_metrics"]
