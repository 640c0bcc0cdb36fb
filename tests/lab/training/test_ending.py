"""A run that is ended from outside loses nothing, or no more than since its last checkpoint."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import multiprocessing

from impasto_lab.training import Checkpoints, FitSettings, fit, read_metrics

from .points import SETTINGS, Points, Product, weights_of

#: Records, evaluations and checkpoints at steps of their own; the cuts below lie between two records.
OFTEN: FitSettings = replace(SETTINGS, log_every=4, evaluate_every=5, save_every=3)


class Scored(Product):
    def evaluate(self) -> dict[str, float]:
        return {"score": self.model(torch.ones(3, 2)).sum().item()}


def _curve(folder: Path) -> list[dict[str, float]]:
    timed = ("images_per_second", "loader_share")
    records = read_metrics(folder / "metrics.jsonl")
    return [{name: value for name, value in record.items() if name not in timed} for record in records]


def _same_as_uncut(folder: Path, uncut: Path) -> None:
    whole, again = Scored(), Scored()
    fit(whole, Points(), OFTEN, folder=uncut)
    fit(again, Points(), OFTEN, folder=folder, resume=True)
    for name, tensor in weights_of(whole).items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name
    assert _curve(folder) == _curve(uncut)
    assert [record["step"] for record in _curve(uncut)] == [4, 5, 8, 10, 12, 15, 16, 20, 20]


class EndedError(Exception):
    pass


def test_a_signal_waits_for_the_step_and_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_: object) -> None:
        raise EndedError

    def step(number: int, _steps: int) -> None:
        if number == 10:
            signal.raise_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(EndedError):
            fit(Scored(), Points(), OFTEN, folder=tmp_path / "cut", progress=step)
        assert signal.getsignal(signal.SIGTERM) is end
    finally:
        signal.signal(signal.SIGTERM, before)
    assert Checkpoints(tmp_path / "cut" / "checkpoints").latest().name == "step-00000010"
    assert _curve(tmp_path / "cut")[-1]["step"] == 10, "what was due at the step was done"
    _same_as_uncut(tmp_path / "cut", tmp_path / "uncut")


def _killed(folder: Path, threads: int) -> None:
    torch.set_num_threads(threads)

    def step(number: int, _steps: int) -> None:
        if number == 11:
            os.kill(os.getpid(), signal.SIGKILL)

    fit(Scored(), Points(), OFTEN, folder=folder, progress=step)


@pytest.mark.slow
def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    how = (tmp_path / "cut", torch.get_num_threads())
    process = multiprocessing.get_context("spawn").Process(target=_killed, args=how)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert Checkpoints(tmp_path / "cut" / "checkpoints").latest().name == "step-00000009"
    assert _curve(tmp_path / "cut")[-1]["step"] == 10, "it had gone on"
    _same_as_uncut(tmp_path / "cut", tmp_path / "uncut")
