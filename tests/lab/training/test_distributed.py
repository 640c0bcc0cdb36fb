"""Two processes with half of each batch train as one with all of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import multiprocessing, nn

from impasto.batch import Batch, Plan
from impasto_lab.training import FitSettings, fit, read_metrics
from impasto_lab.training.distributed import average_gradients, processes, world

STEPS = 4


class Halves:
    """Batches of eight points, or this process's half of each."""

    def __iter__(self) -> Iterator[Batch]:
        rank, size = world()
        none = np.zeros(0)
        for step in range(STEPS):
            points = torch.randn(8, 2, generator=torch.Generator().manual_seed(step)).chunk(size)[rank]
            yield Batch(points, None, None, None, None, ["?"] * len(points), Plan(none, none, none, none, none), None)

    def state_dict(self) -> dict:
        return {}

    def load_state_dict(self, state: dict) -> None: ...


class Product:
    def __init__(self) -> None:
        self.model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Linear(1, 1))
        self.unused = self.model[3]

    def step(self, batch: Batch) -> dict[str, torch.Tensor]:
        target = batch.images.prod(dim=1, keepdim=True)
        return {"loss": (self.model[:3](batch.images) - target).square().mean()}

    def after_step(self) -> None: ...

    def evaluate(self) -> dict[str, float]:
        return {"rank": float(world()[0])}


def _train(folder: Path) -> dict[str, torch.Tensor]:
    torch.manual_seed(world()[0])  # the first process's weights are everybody's
    task = Product()
    settings = FitSettings(steps=STEPS, lr=0.01, weight_decay=0.0, clip=None, log_every=1)
    fit(task, Halves(), settings, folder=folder)
    return task.model.state_dict()


def _process(rank: int, port: int, folder: Path) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "CUDA_VISIBLE_DEVICES": ""}
    torch.set_num_threads(1)
    with processes() as device:
        assert device is None
        assert world() == (rank, 2)
        torch.save(_train(folder / "run"), folder / f"{rank}.pt")
    assert world() == (0, 1)


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(_process, (port, tmp_path), nprocs=2)
    expected = _train(tmp_path / "alone")
    for rank in range(2):
        for name, weights in torch.load(tmp_path / f"{rank}.pt").items():
            torch.testing.assert_close(weights, expected[name], rtol=1e-5, atol=1e-7)
    # One of them wrote, and it evaluated.
    assert [record["step"] for record in read_metrics(tmp_path / "run" / "metrics.jsonl")] == [1, 2, 3, 4, 4]
    assert read_metrics(tmp_path / "run" / "metrics.jsonl")[-1]["rank"] == 0


def test_alone_there_is_nothing_to_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with processes() as device:
        assert device is None
        assert world() == (0, 1)
    parameter = nn.Parameter(torch.zeros(2))
    average_gradients([parameter])
    assert parameter.grad is None
