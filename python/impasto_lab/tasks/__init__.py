"""Where data, model, loss and evaluation meet; metrics lie apart."""

from impasto_lab.tasks.contrastive import ContrastiveTask
from impasto_lab.tasks.held_out import HeldOut

__all__ = ["ContrastiveTask", "HeldOut"]
