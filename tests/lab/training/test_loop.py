"""The loop: a run that is cut and resumed ends where an uncut one does; what goes wrong says so."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import impasto
from impasto.batch import Batch
from impasto_lab.training import Checkpoints, Fit, FitSettings, fit, read_metrics
from impasto_lab.training.checkpoint import load, load_weights
from impasto_lab.training.log import MetricsLog
from impasto_lab.training.optimizer import adamw

from .points import SETTINGS, Points, Product, batch_of, weights_of


def test_a_resumed_run_ends_where_an_uncut_one_does(tmp_path: Path) -> None:
    whole, points = Product(), Points()
    uncut = fit(whole, points, SETTINGS, folder=tmp_path / "whole")

    part, first = Product(), Points()
    torch.manual_seed(999)  # nothing may hang on the global generator, which a product seeds as it is made
    fit(part, first, SETTINGS, folder=tmp_path / "cut", stop=9)
    again, second = Product(), Points()
    torch.manual_seed(123)
    with torch.no_grad():
        again.model[0].weight.zero_()
    resumed = fit(again, second, SETTINGS, folder=tmp_path / "cut", resume=True)

    assert first.taken + second.taken == points.taken
    for name, tensor in weights_of(whole).items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name
    for name in ("step", "loss", "twice"):  # the fifth record's is the mean of a step before the cut and one behind it
        assert [record[name] for record in resumed.records] == [record[name] for record in uncut.records]
    steps = [record["step"] for record in read_metrics(tmp_path / "cut" / "metrics.jsonl")]
    assert steps == [record["step"] for record in read_metrics(tmp_path / "whole" / "metrics.jsonl")]


def test_a_finished_run_is_evaluated_by_what_is_asked_now(tmp_path: Path) -> None:
    fit(Product(), Points(), SETTINGS, folder=tmp_path)
    log, again = (tmp_path / "metrics.jsonl").read_text(), Product()
    done = fit(again, Points(), SETTINGS, folder=tmp_path, resume=True)
    assert (done.scores, again.evaluated) == ({"score": 1.0}, 1)
    assert (tmp_path / "metrics.jsonl").read_text() == log, "it is no record of the run"


class Drawing(Product):
    """Notes what each step draws."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[float] = []

    def step(self, batch: Batch) -> dict[str, torch.Tensor]:
        self.drawn.append(float(torch.rand(())))
        return super().step(batch)


def test_every_step_has_draws_of_its_own(tmp_path: Path) -> None:
    drawn = {}
    for seed, accumulate in ((3, 1), (3, 2), (4, 1)):
        task = Drawing()
        fit(
            task,
            Points(),
            replace(SETTINGS, seed=seed, steps=4, accumulate=accumulate),
            folder=tmp_path / f"{seed}{accumulate}",
        )
        drawn[seed, accumulate] = task.drawn
    assert drawn[3, 1] == drawn[3, 2][:4] and len(drawn[3, 2]) == 8
    assert len({*drawn[3, 2], *drawn[4, 1]}) == 12


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
    seen: list[tuple[int, int]] = []
    settings = FitSettings(steps=300, lr=0.02, log_every=50, evaluate_every=100)
    done = fit(Product(), Points(), settings, folder=tmp_path, progress=lambda *at: seen.append(at))
    assert done.records[-1]["loss"] < 0.7 * done.records[0]["loss"]
    assert done.records[0]["twice"] == pytest.approx(2 * done.records[0]["loss"], rel=1e-5)
    assert done.scores == {"score": 3.0}, "evaluated at 100, 200 and 300"
    assert seen == [(step, 300) for step in range(1, 301)]
    assert [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()] == [
        *(50, 100, 100, 150, 200, 200, 250, 300, 300)
    ]


def test_a_first_step_is_adamws(tmp_path: Path) -> None:
    """After one step each weight has moved by lr (its moments cancel) plus, on matrices alone, the decay."""
    task = Product(factor=1e6)  # so large that Adam's epsilon is nothing
    task.model[3] = nn.Identity()
    before = weights_of(task)
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
    task = Product(factor=float("nan"))
    before = weights_of(task)
    with pytest.raises(
        impasto.DivergedError, match=r"nan at step 1, of the batch of epoch 0, step 0; .*diverged-0\.json"
    ):
        fit(task, Points(), SETTINGS, folder=tmp_path)
    assert not Checkpoints(tmp_path / "checkpoints").all()
    told = json.loads((tmp_path / "diverged-0.json").read_text())
    assert told["scalars"]["loss"] == "nan"
    assert told["batches"][0]["keys"] == ["?"] * 8
    assert all(torch.equal(before[name], tensor) for name, tensor in weights_of(task).items() if "0.weight" in name)


@pytest.mark.parametrize("clip", [None, 1.0])
def test_a_gradient_that_is_no_number_stops_the_run_before_a_weight_changes(tmp_path: Path, clip: float | None) -> None:
    class Rooted(Product):
        """Whose loss is finite and its gradient not, where a root is taken of nothing."""

        def step(self, batch: Batch) -> dict[str, torch.Tensor]:
            found = super().step(batch)
            return {**found, "loss": found["loss"] + (self.model[0].weight * 0).sum().sqrt()}

    task = Rooted()
    before = weights_of(task)
    settings = replace(SETTINGS, accumulate=2, clip=clip, save_every=1)
    with pytest.raises(impasto.DivergedError, match="norm is nan at step 1, of the batch of epoch 0, step 0, epoch"):
        fit(task, Points(), settings, folder=tmp_path)
    assert not Checkpoints(tmp_path / "checkpoints").all()
    told = json.loads((tmp_path / "diverged-0.json").read_text())
    assert told["scalars"]["gradient"] == "nan" and told["scalars"]["loss"] != "nan" and len(told["batches"]) == 2
    assert all(torch.equal(before[name], tensor) for name, tensor in weights_of(task).items() if "0.weight" in name)


def test_what_can_not_be_resumed_says_why(tmp_path: Path) -> None:
    with pytest.raises(impasto.CheckpointError, match="no checkpoint"):
        fit(Product(), Points(), SETTINGS, folder=tmp_path, resume=True)
    fit(Product(), Points(), SETTINGS, folder=tmp_path)
    with pytest.raises(impasto.CheckpointError, match=r"0\.bias is \[16\] where \[8\]"):
        fit(Product(width=8), Points(), SETTINGS, folder=tmp_path, resume=True)

    path = Checkpoints(tmp_path / "checkpoints").latest()
    weights = load_file(path / "model.safetensors")
    weights["extra"] = weights.pop("4.bias")
    save_file(weights, path / "model.safetensors")
    task = Product()
    before = weights_of(task)
    with pytest.raises(impasto.CheckpointError, match=r"lacks 4\.bias"):
        load_weights(path, task.model)
    (path / "model.safetensors").write_bytes(b"half a file")
    with pytest.raises(impasto.CheckpointError, match="can't be read"):
        load(path, task.model, adamw(task.model, lr=1, weight_decay=0))
    assert all(torch.equal(before[name], tensor) for name, tensor in task.model.state_dict().items())


def test_an_interrupted_save_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task, checkpoints = Product(), Checkpoints(tmp_path)
    optimizer = adamw(task.model, lr=1, weight_decay=0)
    checkpoints.save(1, task.model, optimizer, {})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("impasto.files.sync", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(2, task.model, optimizer, {})
    assert checkpoints.latest().name == "step-00000001"


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 5, "warmup": 6},
        {"steps": 5, "lr": 0.0},
        {"steps": 5, "amp": "int8"},
        {"steps": 5, "accumulate": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(impasto.RecipeError):
        FitSettings(**{"steps": 5, **wrong})


def test_an_empty_loader_is_refused() -> None:
    class Nothing(Points):
        def __iter__(self) -> Iterator[Batch]:
            return iter(())

    with pytest.raises(impasto.RecipeError, match="no batches"):
        fit(Product(), Nothing(), SETTINGS)


def test_other_writers_take_the_records_too(tmp_path: Path) -> None:
    class Kept(list):
        write = list.append

    kept = Kept()
    fit(Product(), Points(), SETTINGS, folder=tmp_path, writers=[kept])
    assert kept == read_metrics(tmp_path / "metrics.jsonl")
    assert len(kept) == 11


def test_batches_add_up_to_a_step() -> None:
    """Two batches of four for one step are one of eight."""

    class Halves(Points):
        def __iter__(self) -> Iterator[Batch]:
            for batch in super().__iter__():
                yield from map(batch_of, batch.images.chunk(2))

    def trained(points: Points, accumulate: int) -> tuple[Fit, dict[str, torch.Tensor]]:
        task = Product()
        task.model[1], task.model[3] = nn.Identity(), nn.Identity()  # neither statistics nor draws of a batch
        settings = FitSettings(steps=10, lr=0.01, log_every=5, accumulate=accumulate)
        return fit(task, points, settings), weights_of(task)

    (whole, expected), (halves, weights) = trained(Points(), 1), trained(Halves(), 2)
    for name, tensor in expected.items():
        torch.testing.assert_close(weights[name], tensor, rtol=1e-4, atol=1e-6)
    assert [r["loss"] for r in halves.records] == pytest.approx([r["loss"] for r in whole.records], rel=1e-5)


def test_a_step_takes_its_batches_over_the_end_of_an_epoch(tmp_path: Path) -> None:
    settings = FitSettings(steps=8, lr=0.01, accumulate=2, log_every=1)
    cut, rest, uncut = Points(), Points(), Points()
    whole = fit(Product(), uncut, settings)
    fit(Product(), cut, settings, folder=tmp_path, stop=4)
    resumed = fit(Product(), rest, settings, folder=tmp_path, resume=True)
    assert cut.taken == [*((0, batch) for batch in range(1, 8)), (1, 1)]
    assert cut.taken + rest.taken == uncut.taken
    assert [r["loss"] for r in resumed.records] == [r["loss"] for r in whole.records]


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


def test_the_schedule_keeps_its_floor_and_adam_its_betas() -> None:
    """ALBEF's cosine, ViLT's line: from the floor up and down to it again, beside torch's own schedulers."""
    weight = nn.Parameter(torch.zeros(1))
    for schedule, way in (
        ("cosine", lambda adam: torch.optim.lr_scheduler.CosineAnnealingLR(adam, 16, eta_min=1e-3)),
        ("linear", lambda adam: torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.1, 16)),
    ):
        adam = torch.optim.AdamW([weight], lr=0.01)
        expected = []
        torchs = way(adam)
        for _ in range(16):
            expected.append(adam.param_groups[0]["lr"])
            adam.step()
            torchs.step()
        settings = FitSettings(steps=20, lr=0.01, min_lr=1e-3, warmup=4, schedule=schedule, log_every=1)
        rates = [record["lr"] for record in fit(Product(), Points(), settings).records]
        assert rates[:4] == pytest.approx([0.001 + 0.009 * part for part in (0.25, 0.5, 0.75, 1)])
        assert rates[4:] == pytest.approx(expected)
    made = adamw(nn.Linear(2, 2), lr=1, weight_decay=0, betas=(0.5, 0.75), eps=0.125)
    assert {(group["betas"], group["eps"]) for group in made.param_groups} == {((0.5, 0.75), 0.125)}
