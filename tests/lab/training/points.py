"""A small problem for the loop: points on a plane, the product of their coordinates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from impasto.batch import Batch, BatchId, Plan
from impasto_lab.training import FitSettings


def batch_of(points: torch.Tensor) -> Batch:
    none, numbers = np.zeros(0), torch.arange(len(points))
    plan = Plan(none, none, none, none, none)
    return Batch(images=points, keys=["?"] * len(points), plan=plan, id=BatchId(), samples=numbers)


class Points:
    """Batches of points on a plane, a stand-in for a loader: 7 an epoch, each drawn from its own seed."""

    def __init__(self) -> None:
        self.epoch = self.at = 0
        self.taken: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[Batch]:
        while self.at < 7:
            self.at += 1
            self.taken.append((self.epoch, self.at))
            images = torch.randn(8, 2, generator=torch.Generator().manual_seed(100 * self.epoch + self.at))
            yield batch_of(images)
        self.epoch, self.at = self.epoch + 1, 0

    def state_dict(self) -> dict:
        return {"epoch": self.epoch, "at": self.at}

    def load_state_dict(self, state: dict) -> None:
        self.epoch, self.at = state["epoch"], state["at"]


class Product:
    """Learns the product of two numbers, with dropout so that the loop's randomness matters."""

    def __init__(self, width: int = 16, factor: float = 1.0) -> None:
        torch.manual_seed(5)
        layers = [nn.Linear(2, width), nn.BatchNorm1d(width), nn.Tanh(), nn.Dropout(0.05), nn.Linear(width, 1)]
        self.model = nn.Sequential(*layers)
        self.factor = factor
        self.evaluated = 0

    def step(self, batch: Batch) -> dict[str, torch.Tensor]:
        target = batch.images.prod(dim=1, keepdim=True)
        loss = (self.model(batch.images) - target).square().mean()
        return {"loss": loss * self.factor, "twice": 2 * loss}

    def after_step(self) -> None: ...

    def evaluate(self) -> dict[str, float]:
        assert not self.model.training
        self.evaluated += 1
        return {"score": float(self.evaluated)}


SETTINGS = FitSettings(steps=20, lr=0.01, warmup=4, log_every=2, save_every=6, seed=3)


def weights_of(task: Product) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
