"""Two processes with half of each batch pretrain as one with all of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import torch
from torch import multiprocessing

import impasto
from impasto_lab.models.checkpoints import open_model
from impasto_lab.tasks.pretrain import PretrainSettings, pretrain
from impasto_lab.training import read_metrics
from impasto_lab.training.distributed import processes
from impasto_lab.worlds import World, render_scenes

pytestmark = pytest.mark.timeout(300)  # two more processes import torch, wherever else the machine is busy


def _pretrain(world: World, folder: Path, batch_size: int, *, shard: bool) -> None:
    settings = PretrainSettings.of(
        "clip", "tiny", mixgen="none", steps=4, batch_size=batch_size, log_every=1, shard=shard, clip=None
    )
    data = impasto.sources.CocoCaptions(world.annotations("train"), images=world.images)
    pretrain(data, settings, folder=folder)


def _process(rank: int, port: int, world: World, folder: Path) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "CUDA_VISIBLE_DEVICES": ""}
    torch.set_num_threads(1)
    with processes():
        _pretrain(world, folder / "whole", 16, shard=False)
        _pretrain(world, folder / "sharded", 16, shard=True)


def test_two_processes_pretrain_as_one(tmp_path: Path) -> None:
    world = render_scenes(tmp_path / "scenes", size="tiny", seed=1)
    _pretrain(world, tmp_path / "alone", 32, shard=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(_process, (port, world, tmp_path), nprocs=2)
    expected = open_model(tmp_path / "alone" / "model").state_dict()
    losses = [record["loss"] for record in read_metrics(tmp_path / "alone" / "metrics.jsonl")]
    for name in ("whole", "sharded"):
        found = [record["loss"] for record in read_metrics(tmp_path / name / "metrics.jsonl")]
        assert found == pytest.approx(losses, rel=1e-5)
        for key, tensor in open_model(tmp_path / name / "model").state_dict().items():
            torch.testing.assert_close(tensor, expected[key], rtol=1e-3, atol=1e-4)
