"""The loop: a run that is cut and resumed ends where an uncut one does; what goes wrong says so."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import impasto
from impasto.batch import Batch, Plan
from impasto_lab.training import Checkpoints, FitSettings, fit, read_metrics
from impasto_lab.training.checkpoint import load, load_weights
from impasto_lab.training.log import MetricsLog
from impasto_lab.training.optimiser import adamw


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
            none = np.zeros(0)
            yield Batch(images, None, None, None, None, ["?"] * 8, Plan(none, none, none, none, none), None)
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


def _weights(task: Product) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in task.model.state_dict().items()}


def test_a_resumed_run_ends_where_an_uncut_one_does(tmp_path: Path) -> None:
    whole, points = Product(), Points()
    uncut = fit(whole, points, SETTINGS, folder=tmp_path / "whole")

    torch.manual_seed(999)
    part, first = Product(), Points()
    fit(part, first, SETTINGS, folder=tmp_path / "cut", stop=9)
    torch.manual_seed(123)  # nothing may hang on the global generator
    again, second = Product(), Points()
    with torch.no_grad():
        again.model[0].weight.zero_()
    resumed = fit(again, second, SETTINGS, folder=tmp_path / "cut", resume=True)

    assert first.taken + second.taken == points.taken
    for name, tensor in _weights(whole).items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name
    assert [record["step"] for record in resumed.records] == [record["step"] for record in uncut.records]
    assert resumed.records[-1]["loss"] == uncut.records[-1]["loss"]
    steps = [record["step"] for record in read_metrics(tmp_path / "cut" / "metrics.jsonl")]
    assert steps == [record["step"] for record in read_metrics(tmp_path / "whole" / "metrics.jsonl")]


def test_resuming_drops_what_was_logged_after_the_checkpoint(tmp_path: Path) -> None:
    fit(Product(), Points(), SETTINGS, folder=tmp_path)
    newest = Checkpoints(tmp_path / "checkpoints").all()
    assert [path.name for path in newest] == ["step-00000018", "step-00000020"]
    for file in newest[-1].iterdir():
        file.unlink()
    newest[-1].rmdir()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 20, "loss": 0.')  # cut short by a crash
    fit(Product(), Points(), SETTINGS, folder=tmp_path, resume=True)
    steps = [record["step"] for record in read_metrics(tmp_path / "metrics.jsonl") if "loss" in record]
    assert steps == list(range(2, 21, 2))


def test_it_learns_and_logs(tmp_path: Path) -> None:
    seen: list[int] = []
    settings = FitSettings(steps=300, lr=0.02, log_every=50, evaluate_every=100)
    done = fit(Product(), Points(), settings, folder=tmp_path, on_step=lambda step, _: seen.append(step))
    assert done.records[-1]["loss"] < 0.7 * done.records[0]["loss"]
    assert done.records[0]["twice"] == pytest.approx(2 * done.records[0]["loss"], rel=1e-5)
    assert done.scores == {"score": 3.0}, "evaluated at 100, 200 and 300"
    assert seen == list(range(1, 301))
    assert [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()] == [
        *(50, 100, 100, 150, 200, 200, 250, 300, 300)
    ]


def test_a_first_step_is_adamws(tmp_path: Path) -> None:
    """After one step each weight has moved by lr (its moments cancel) plus, on matrices alone, the decay."""
    task = Product(factor=1e6)  # so large that Adam's epsilon is nothing
    task.model[3] = nn.Identity()
    before = _weights(task)
    fit(task, Points(), FitSettings(steps=1, lr=0.01, weight_decay=0.5, clip=None))
    for name, parameter in task.model.named_parameters():
        if name == "0.bias":  # BatchNorm takes it out again: no gradient
            continue
        decayed = before[name] * (1 - 0.01 * 0.5) if parameter.ndim >= 2 else before[name]
        assert torch.allclose((parameter - decayed).abs(), torch.tensor(0.01), atol=1e-5), name


def test_gradients_are_clipped(tmp_path: Path) -> None:
    task = Product(factor=1e6)
    fit(task, Points(), FitSettings(steps=1, lr=1e-9, clip=0.25))
    norm = torch.cat([parameter.grad.flatten() for parameter in task.model.parameters()]).norm()
    assert norm.item() == pytest.approx(0.25, rel=1e-4)


def test_bfloat16_trains() -> None:
    done = fit(Product(), Points(), FitSettings(steps=300, lr=0.02, log_every=50, amp="bfloat16"))
    assert done.records[-1]["loss"] < done.records[0]["loss"]


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(impasto.DivergedError, match="step 2; lower lr"):
        fit(Product(factor=float("nan")), Points(), SETTINGS, folder=tmp_path)
    assert not Checkpoints(tmp_path / "checkpoints").all()


def test_what_can_not_be_resumed_says_why(tmp_path: Path) -> None:
    with pytest.raises(impasto.CheckpointError, match="no checkpoint"):
        fit(Product(), Points(), SETTINGS, folder=tmp_path, resume=True)
    fit(Product(), Points(), SETTINGS, folder=tmp_path)
    with pytest.raises(impasto.CheckpointError, match=r"0\.bias is \[16\]"):
        fit(Product(width=8), Points(), SETTINGS, folder=tmp_path, resume=True)

    path = Checkpoints(tmp_path / "checkpoints").latest()
    weights = load_file(path / "model.safetensors")
    weights["extra"] = weights.pop("4.bias")
    save_file(weights, path / "model.safetensors")
    task = Product()
    before = _weights(task)
    with pytest.raises(impasto.CheckpointError, match=r"lacks 4\.bias"):
        load_weights(path, task.model)
    (path / "model.safetensors").write_bytes(b"half a file")
    with pytest.raises(impasto.CheckpointError, match="can't be read"):
        load(path, task.model, adamw(task.model, lr=1, weight_decay=0))
    assert all(torch.equal(before[name], tensor) for name, tensor in task.model.state_dict().items())


def test_an_interrupted_save_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task, checkpoints = Product(), Checkpoints(tmp_path)
    optimiser = adamw(task.model, lr=1, weight_decay=0)
    checkpoints.save(1, task.model, optimiser, {})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("impasto.files.sync", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(2, task.model, optimiser, {})
    assert checkpoints.latest().name == "step-00000001"


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"steps": 5, "warmup": 6}, {"steps": 5, "lr": 0.0}, {"steps": 5, "amp": "int8"}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(impasto.RecipeError):
        FitSettings(**wrong)


def test_an_empty_loader_is_refused() -> None:
    class Nothing(Points):
        def __iter__(self) -> Iterator[Batch]:
            return iter(())

    with pytest.raises(impasto.RecipeError, match="no batches"):
        fit(Product(), Nothing(), SETTINGS)


def test_a_new_run_begins_a_new_log(tmp_path: Path) -> None:
    MetricsLog(tmp_path / "m.jsonl").write({"step": 1})
    MetricsLog(tmp_path / "m.jsonl").write({"step": 2})
    assert read_metrics(tmp_path / "m.jsonl") == [{"step": 2}]


@pytest.mark.gpu
@pytest.mark.parametrize("amp", ["off", "bfloat16", "float16"])
def test_a_gpu_trains_and_resumes(tmp_path: Path, amp: str) -> None:
    settings = FitSettings(steps=300, lr=0.02, log_every=50, amp=amp)

    def task() -> Product:
        made = Product()
        made.model.cuda()
        return made

    points = Points()
    fit(task(), points, settings, folder=tmp_path, stop=150)
    again = Points()
    done = fit(task(), again, settings, folder=tmp_path, resume=True)
    assert again.taken[0] == (150 // 7, 150 % 7 + 1)
    assert done.records[-1]["loss"] < 0.7 * done.records[0]["loss"]
