"""``impasto train pretrain``, run for real on little: every model, and runs that are cut and go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto_lab.cli import main
from impasto_lab.models.checkpoints import open_model
from impasto_lab.training import Checkpoints, read_metrics
from impasto_lab.worlds import World, render_scenes

pytestmark = pytest.mark.timeout(300)  # other processes import torch, wherever else the machine is busy

#: Records and checkpoints at steps of their own; five batches are an epoch.
FEW = ["--preset", "tiny", "--steps", "9", "--log-every", "1", "--save-every", "4", "--device", "cpu"]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Several threads add up in another order each time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return render_scenes(tmp_path_factory.mktemp("world") / "scenes", size="tiny", seed=1)


def _words(world: World, out: Path, *more: str) -> list[str]:
    return ["train", "pretrain", "--data", str(world.annotations("train")), "--out", str(out), *FEW, *more]


def _curve(out: Path) -> list[dict[str, Any]]:
    timed = ("images_per_second", "loader_share")
    return [
        {name: value for name, value in one.items() if name not in timed} for one in read_metrics(out / "metrics.jsonl")
    ]


def _cut(words: list[str], out: Path, how: signal.Signals) -> int:
    """Runs the command in a process of its own, and ends it inside the second epoch."""
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen([sys.executable, "-m", "impasto_lab", *words], env=os.environ | threads)
    while process.poll() is None and len(read_metrics(out / "metrics.jsonl")) < 6:
        time.sleep(0.01)
    process.send_signal(how)
    return process.wait()


@pytest.fixture(scope="module")
def uncut(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("uncut") / "run"
    assert main(_words(world, out, "--model", "albef", "--queue", "64")) == 0
    return out


@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_run_that_is_cut_goes_on_to_the_same_curve(
    world: World, uncut: Path, tmp_path: Path, how: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    words = _words(world, tmp_path / "cut", "--model", "albef", "--queue", "64", "--workers", "2")
    assert _cut(words, tmp_path / "cut", how) == -how
    saved = Checkpoints(tmp_path / "cut" / "checkpoints").all()
    last = _curve(tmp_path / "cut")[-1]["step"]
    assert 6 <= last < 9, "it was cut on the way"
    if how == signal.SIGTERM:
        assert saved[-1].name == f"step-{last:08d}", "the step was finished and saved"
    else:
        assert saved[-1].name in ("step-00000004", "step-00000008")
    assert main(words) == 0
    assert "went on from step" in capsys.readouterr().out
    assert _curve(tmp_path / "cut") == _curve(uncut)


@pytest.mark.parametrize(
    ("model", "mixgen"),
    [
        ("clip", "none"),
        pytest.param("vilt", "default", marks=pytest.mark.slow),
        pytest.param("tcl", "d", marks=pytest.mark.slow),
        ("albef", "default"),
    ],
)
def test_every_model_is_trained_and_opened_again(
    world: World, uncut: Path, tmp_path: Path, model: str, mixgen: str
) -> None:
    more = ["--model", model, "--mixgen", mixgen, "--json", str(tmp_path / "told.json"), "--queue", "64"]
    if model not in ("tcl", "albef"):
        more = more[:-2]
    assert main(_words(world, tmp_path / "run", *more, "--recompute")) == 0
    records = json.loads((tmp_path / "told.json").read_text())["records"]
    assert len(records) == 9
    assert records[-1]["loss"] < records[0]["loss"]
    assert all(0 <= record["loader_share"] <= 1 for record in records)
    opened = open_model(tmp_path / "run" / "model")
    assert type(opened).__name__.lower() == model
    if model == "albef":
        assert _curve(tmp_path / "run") == _curve(uncut), "the same seed, the same curve; recomputed or not"


def test_what_can_not_be_trained_says_why(
    world: World, uncut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(words: list[str]) -> str:
        assert main(words) == 1
        return capsys.readouterr().err

    albef = ["--model", "albef", "--queue"]
    assert "RecipeError: a queue of 100 can't be filled by batches of 32; use queue=96" in refused(
        _words(world, tmp_path, *albef, "100")
    )
    assert not any(tmp_path.iterdir()), "before anything was begun"
    assert "lr=0.0 and clip=1.0 must be positive" in refused(_words(world, tmp_path, "--lr", "0"))
    assert "length=0 must be a whole number of at least 2" in refused(_words(world, tmp_path, "--length", "0"))
    for flag in ("--split", "--keep"):
        told_twice = _words(world, tmp_path, "--sets", "1m", flag, "train")
        assert f"{flag} is of one data set, and --sets names several" in refused(told_twice)
    assert "warmup=10 must lie in 0..steps=9" in refused(_words(world, tmp_path, "--warmup", "10"))
    assert not any(tmp_path.iterdir()), "before anything was begun"
    assert "fewer than a batch of 512" in refused(_words(world, tmp_path, "--batch-size", "512"))
    assert "needs BERT's vocab.txt" in refused(_words(world, tmp_path, "--model", "vilt", "--preset", "base"))
    other = refused(_words(world, uncut, *albef, "64", "--lr", "0.01"))
    assert "CheckpointError" in other
    assert "settings.lr was 0.002 and is 0.01" in other
    begun = uncut / "run.json"
    told = json.loads(begun.read_text())
    begun.write_text(json.dumps(told | {"processes": 2}))
    try:
        assert "begun by 2 processes and would be resumed by 1" in refused(_words(world, uncut, *albef, "64"))
    finally:
        begun.write_text(json.dumps(told))
    few = _words(world, tmp_path / "few", "--model", "vilt")
    assert "leaves nobody to mix with" in refused([*few, "--batch-size", "1"])
    other_words = [*few[:3], str(world.annotations("test")), *few[4:], "--batch-size", "4"]
    assert "vocab.txt: it has the words of other captions" in refused(other_words)
    pictures = tmp_path / "pictures"
    (pictures / "red").mkdir(parents=True)
    for number in range(40):
        image = next(world.images.iterdir()).read_bytes()
        (pictures / "red" / f"{number}.jpg").write_bytes(image)
    silent = ["train", "pretrain", "--data", str(pictures), "--out", str(tmp_path / "out"), *FEW]
    assert "CaptionError" in refused(silent)
    assert not (tmp_path / "out").exists(), "nothing was begun"
