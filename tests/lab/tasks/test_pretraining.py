"""Two processes with half of each batch pretrain as one with all of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

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

Runs = dict[str, dict[str, Any]]
#: What two processes run; alone, CLIP has both halves of a batch at once, the others one after the other.
FEW: Runs = {
    "clip": {"model": "clip", "mixgen": "none"},
    "albef sharded": {"model": "albef", "queue": 0, "shard": True},
}
MORE: Runs = {
    "clip sharded": {"model": "clip", "mixgen": "none", "shard": True},
    "vilt": {"model": "vilt"},
    "vilt sharded": {"model": "vilt", "shard": True},
    "albef": {"model": "albef", "queue": 0},
    "tcl": {"model": "tcl", "queue": 0},
}


def _pretrain(world: World, folder: Path, **changes: Any) -> None:
    settings = PretrainSettings.of(**{"preset": "tiny", "steps": 3, "batch_size": 16, "log_every": 1} | changes)
    train, test = (
        impasto.sources.CocoCaptions(world.annotations(one), images=world.images) for one in ("train", "test")
    )
    pretrain(train, settings, folder=folder, held_out=test)


def _process(rank: int, port: int, world: World, folder: Path, runs: Runs) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "CUDA_VISIBLE_DEVICES": ""}
    torch.set_num_threads(1)
    with processes():
        for name, changes in runs.items():
            _pretrain(world, folder / name, **changes)


@pytest.mark.parametrize("runs", [FEW, pytest.param(MORE, marks=pytest.mark.slow)], ids=["few", "more"])
@pytest.mark.slow
def test_two_processes_pretrain_as_one(tmp_path: Path, runs: Runs) -> None:
    world = render_scenes(tmp_path / "scenes", size="tiny", seed=1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(_process, (port, world, tmp_path, runs), nprocs=2)
    for name, changes in runs.items():
        alone, how = tmp_path / "alone" / name, {"batch_size": 32} if changes["model"] == "clip" else {"accumulate": 2}
        _pretrain(world, alone, **changes, **how)
        expected, found = (read_metrics(folder / "metrics.jsonl") for folder in (alone, tmp_path / name))
        assert found[-1].keys() >= {"rsum", "tr@1"}
        timed = {"images_per_second", "loader_share", "accuracy"}  # and the share of hits, which a near draw turns
        for one, other in zip(found, expected, strict=True):
            assert one.keys() == other.keys()
            for value in one.keys() - timed:
                assert one[value] == pytest.approx(other[value], rel=1e-4, abs=1e-6), (name, value)
        weights = open_model(alone / "model").state_dict()
        for key, tensor in open_model(tmp_path / name / "model").state_dict().items():
            torch.testing.assert_close(tensor, weights[key], rtol=1e-3, atol=1e-4)
