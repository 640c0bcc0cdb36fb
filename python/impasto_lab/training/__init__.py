"""The one training loop, and what it needs: optimizer, schedule, checkpoints, metrics."""

from impasto_lab.training.checkpoint import Checkpoints
from impasto_lab.training.device import pick_device
from impasto_lab.training.log import MetricsLog, Writer, read_metrics
from impasto_lab.training.loop import Fit, fit
from impasto_lab.training.settings import FitSettings
from impasto_lab.training.task import Task

__all__ = [
    "Checkpoints",
    "Fit",
    "FitSettings",
    "MetricsLog",
    "Task",
    "Writer",
    "fit",
    "pick_device",
    "read_metrics",
]
