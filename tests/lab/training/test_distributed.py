"""Two processes with half of each batch train as one with all of it, whole or sharded."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import multiprocessing, nn

from impasto.batch import Batch
from impasto_lab.training import Checkpoints, FitSettings, fit, read_metrics
from impasto_lab.training.distributed import anywhere, mean, processes, world

from .points import batch_of

pytestmark = pytest.mark.timeout(300)  # two more processes import torch, wherever else the machine is busy

STEPS = 4
#: What differs between the runs of `test_two_processes_train_as_one`.
RUNS: dict[str, dict[str, Any]] = {
    "plain": {},
    "clipped": {"clip": 0.05, "weight_decay": 0.5},
    "accumulated": {"accumulate": 2},
    "scaled": {"amp": "float16", "clip": 0.05},
    "sharded": {"shard": True, "clip": 0.05, "weight_decay": 0.5},
    "sharded and accumulated": {"shard": True, "accumulate": 2},
    "sharded and scaled": {"shard": True, "amp": "float16", "clip": 0.05},
}


class Parts:
    """Batches of eight points, in this process's and this pass's parts."""

    def __init__(self, passes: int) -> None:
        self.passes = passes
        self.step = 0

    def __iter__(self) -> Iterator[Batch]:
        rank, size = world()
        while self.step < STEPS:
            points = torch.randn(8, 2, generator=torch.Generator().manual_seed(self.step))
            self.step += 1
            for part in points.chunk(size * self.passes)[rank::size]:
                yield batch_of(part)

    def state_dict(self) -> dict:
        return {"step": self.step}

    def load_state_dict(self, state: dict) -> None:
        self.step = state["step"]


class Blocks(nn.Module):
    """A list of blocks, as transformers have, a scalar, as CLIP has, and a layer that nothing uses."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 7)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(7, 7), nn.Tanh()) for _ in range(2))
        self.last = nn.Linear(7, 1)
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.unused = nn.Linear(2, 2)

    def encode(self, points: torch.Tensor) -> torch.Tensor:
        hidden = self.first(points)
        for block in self.blocks:
            hidden = block(hidden)
        return self.last(hidden) * self.scale


class Product:
    def __init__(self, factor: float = 1.0) -> None:
        self.model = Blocks()
        self.factor = factor

    def step(self, batch: Batch) -> dict[str, torch.Tensor]:
        error = self.model.encode(batch.images) - batch.images.prod(dim=1, keepdim=True)
        # The unused layer leads to a scalar that is logged, not to the loss.
        return {"loss": error.square().mean() * self.factor, "unused": self.model.unused.weight.sum()}

    def after_step(self) -> None:
        with torch.no_grad():
            self.model.scale.clamp_(max=0.52)

    def evaluate(self) -> dict[str, float]:
        return {"rank": float(world()[0]), "value": self.model.encode(torch.ones(1, 2)).item()}


class Drawing(Product):
    """Draws from torch's generator in each step, as dropout does."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[float] = []

    def step(self, batch: Batch) -> dict[str, torch.Tensor]:
        self.drawn.append(torch.rand(1).item())
        return super().step(batch)


def _settings(**changes: Any) -> FitSettings:
    few = {"steps": STEPS, "lr": 0.01, "weight_decay": 0.0, "clip": None, "log_every": 1, "evaluate_every": 2}
    return FitSettings(**(few | changes))


def _train(folder: Path, changes: dict[str, Any], **how: Any) -> None:
    torch.manual_seed(world()[0])  # the first process's weights are everybody's
    settings = _settings(**changes)
    # What overflows in float16 depends on the number of samples that a loss is the mean of.
    task = Product(factor=2**-8 if settings.amp == "float16" else 1.0)
    fit(task, Parts(settings.accumulate), settings, folder=folder, **how)


def _process(rank: int, ports: list[int], folder: Path) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(ports[0]), "WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "CUDA_VISIBLE_DEVICES": ""}
    torch.set_num_threads(1)
    with processes() as device:
        assert device is None
        assert world() == (rank, 2)
        assert mean([rank, 2.5]) == [0.5, 2.5]
        assert anywhere(rank == 1)
        assert not anywhere(False)
        for name, changes in RUNS.items():
            _train(folder / name, changes)
        torch.manual_seed(rank)
        task = Drawing()
        fit(task, Parts(1), _settings())
        torch.save(task.model.state_dict(), folder / f"{rank}.pt")
        torch.save(task.drawn, folder / f"drawn-{rank}.pt")
        _train(folder / "sharded first", RUNS["sharded"], stop=2)
        _train(folder / "whole first", RUNS["sharded"], resume=True)
    assert world() == (0, 1)
    os.environ["MASTER_PORT"] = str(ports[1])
    with processes():
        _train(folder / "ended", {}, progress=lambda step, _: _end() if (rank, step) == (1, 2) else None)


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in (one, other)]


def _final(folder: Path, part: str = "model") -> dict[str, torch.Tensor]:
    path = Checkpoints(folder / "checkpoints").latest()
    assert path is not None
    assert path.name == f"step-{STEPS:08d}"
    return load_file(path / f"{part}.safetensors")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All runs, of two processes; and of one, below ``alone``."""
    folder = tmp_path_factory.mktemp("distributed")
    whole = {name: value for name, value in RUNS["sharded"].items() if name != "shard"}
    _train(folder / "whole first", whole, stop=2)
    spawn, ports = multiprocessing.get_context("spawn"), _ports()
    both = [spawn.Process(target=_process, args=(rank, ports, folder)) for rank in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    # Their last run was ended by a signal to the second of them.
    assert [process.exitcode for process in both] == [-signal.SIGTERM] * 2
    for name, changes in RUNS.items():
        _train(folder / "alone" / name, {**changes, "accumulate": 1})
    _train(folder / "sharded first", whole, resume=True)
    return folder


@pytest.mark.parametrize("name", RUNS)
def test_two_processes_train_as_one(runs: Path, name: str) -> None:
    for part in ("model", "optimizer"):
        ours, expected = _final(runs / name, part), _final(runs / "alone" / name, part)
        assert ours.keys() == expected.keys()
        for key, tensor in expected.items():
            if "scaled" in name:  # float16 rounds by what is in a batch
                assert (ours[key] - tensor).norm() <= 0.02 * tensor.norm(), key
            else:
                torch.testing.assert_close(ours[key], tensor, rtol=1e-5, atol=1e-7)
    records, alone = (read_metrics(folder / name / "metrics.jsonl") for folder in (runs, runs / "alone"))
    # One of them wrote, and it evaluated; the loss is that of both.
    assert [record["step"] for record in records] == [1, 2, 2, 3, 4, 4]
    for one, other in zip(records, alone, strict=True):
        assert one.get("rank", 0) == 0
        for value in one.keys() & {"loss", "value"}:
            assert one[value] == pytest.approx(other[value], rel=1e-2 if "scaled" in name else 1e-5)


def test_each_process_has_the_weights(runs: Path) -> None:
    for rank in range(2):
        for name, weights in torch.load(runs / f"{rank}.pt").items():
            torch.testing.assert_close(weights, _final(runs / "alone" / "plain")[name], rtol=1e-5, atol=1e-7)


def test_processes_draw_each_their_own(runs: Path) -> None:
    """What one process draws that takes their parts one after the other."""
    alone = Drawing()
    fit(alone, Parts(2), _settings(accumulate=2))
    ours = [torch.load(runs / f"drawn-{rank}.pt") for rank in range(2)]
    assert [one for both in zip(*ours, strict=True) for one in both] == alone.drawn
    assert len(set(alone.drawn)) == 2 * STEPS


def test_what_has_no_gradient_stays_as_it_was(runs: Path) -> None:
    torch.manual_seed(0)
    before = Product().model.unused.weight
    for name in ("clipped", "sharded"):
        assert torch.equal(_final(runs / name)["unused.weight"], before)
        assert not [key for key in _final(runs / name, "optimizer") if key.startswith("unused")]


@pytest.mark.parametrize("name", ["sharded first", "whole first"])
def test_a_checkpoint_goes_on_with_other_processes(runs: Path, name: str) -> None:
    for part in ("model", "optimizer"):
        for key, tensor in _final(runs / name, part).items():
            torch.testing.assert_close(tensor, _final(runs / "alone" / "sharded", part)[key], rtol=1e-5, atol=1e-7)


def test_a_signal_to_one_process_ends_all_after_the_same_step(runs: Path) -> None:
    assert [path.name for path in Checkpoints(runs / "ended" / "checkpoints").all()] == ["step-00000002"]


def test_alone_there_is_nothing_to_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with processes() as device:
        assert device is None
        assert world() == (0, 1)
        assert mean([3.0]) == [3.0]
