"""A bench that makes no sense is refused before anything is imported that takes its time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from impasto_lab.cli import main

SCRIPT = """
import sys
from impasto_lab.cli import main
for arguments in (
    ["loader", "--data", "nowhere"],
    ["loader", "--data", ".", "--rounds", "3"],
    ["loader", "--batch-size", "0"],
    ["clean", "--copies", "1000000"],
    ["packing", "--rounds", "0"],
    ["retrieval", "--k", "1000000"],
    ["scale", "--batches", "1"],
    ["style", "--rounds", "0"],
    ["train-step", "--images", "1"],
    ["tokenize", "--json", "nowhere/bench.json"],
    ["loader", "--page", "nowhere/bench.html"],
    ["decode", "--plot", "."],
):
    try:
        status = main(["bench", *arguments])
    except SystemExit as refused:
        status = refused.code
    assert status in (1, 2), arguments
    heavy = {"torch", "torchvision", "open_clip", "skimage", "sklearn"} & set(sys.modules)
    assert not heavy, (arguments, heavy)
"""


def test_arguments_are_checked_before_peers_are_imported() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("flags", [["--sweep"], ["--quick", "--sweep"], ["--rounds", "3", "--peers", "pillow"]])
def test_what_own_data_leave_idle_is_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "loader", "--data", ".", *flags]) == 1
    told = capsys.readouterr().err
    assert all((flag in told) == (flag != "--quick") for flag in flags if flag.startswith("--")) and "leave out" in told


@pytest.mark.parametrize(
    "given", [["vqa", "--frequent", "3"], ["vqa", "--answers", "a.json"], ["captioning", "--places", "4"]]
)
def test_what_only_training_asks_for_is_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    task, flag, value = given
    assert main(["evaluate", task, ".", "--data", ".", flag, value]) == 1
    assert f"{flag} would say, from its training" in capsys.readouterr().err
