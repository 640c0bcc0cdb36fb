"""The one training loop, and what it needs: optimiser, schedule, checkpoints, metrics."""

from impasto_lab.training.checkpoint import Checkpoints
from impasto_lab.training.log import MetricsLog, read_metrics
from impasto_lab.training.loop import Fit, FitSettings, Task, fit, pick_device

__all__ = ["Checkpoints", "Fit", "FitSettings", "MetricsLog", "Task", "fit", "pick_device", "read_metrics"]
