"""Where data, model, loss and evaluation meet; metrics lie apart."""

from impasto.tasks.contrastive import ContrastiveTask, clip_loss
from impasto.tasks.held_out import HeldOut
from impasto.tasks.retrieval import Retrieval, chance, retrieval

__all__ = ["ContrastiveTask", "HeldOut", "Retrieval", "chance", "clip_loss", "retrieval"]
