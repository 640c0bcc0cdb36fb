"""A bench that makes no sense is refused before anything is imported that takes its time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from impasto_lab.cli import main
from impasto_lab.cli.bench import pages

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


@pytest.mark.parametrize(
    "flags", [["--sweep"], ["--quick", "--sweep"], ["--rounds", "3"], ["--sweep", "--peers", "pillow"]]
)
def test_what_own_data_leave_idle_is_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "loader", "--data", ".", *flags]) == 1
    told = capsys.readouterr().err
    idle = {flag for flag in flags if flag.startswith("--")} - {"--quick", "--peers"}
    assert all(flag in told for flag in idle) and "leave out" in told and "--quick" not in told


@pytest.mark.parametrize(
    ("verb", "given", "wanted"),
    [
        ("decode", ["--images-of", "."], "--data"),
        ("tokenize", ["--images-of", "."], "--data"),
        ("style", ["--images-of", "."], "--data"),
        ("train-step", ["--images-of", "."], "--data"),
        ("train-step", ["--device", "cpu", "--images-of", "."], "--data"),
        ("loader", ["--images-of", "."], "--data"),
        ("loader", ["--batches", "3"], "--data"),
        ("loader", ["--cores", "1"], "--sweep"),
    ],
)
def test_what_says_nothing_without_another_flag_is_refused(
    verb: str, given: list[str], wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", verb, "--quick", *given]) == 1
    told = capsys.readouterr().err
    assert given[-2] in told and f"say which, by {wanted}" in told


@pytest.mark.parametrize(
    ("verb", "given", "idle"),
    [
        ("loader", ["--sweep", "--peers", "pillow"], "--peers"),
        ("loader", ["--sweep", "--workers", "1"], "--workers"),
        ("loader", ["--formats", "PNG", "WebP", "--samplings", "4:2:0"], "--samplings"),
        ("decode", ["--formats", "PNG", "--qualities", "75"], "--qualities"),
    ],
)
def test_what_another_flag_leaves_idle_is_refused(
    verb: str, given: list[str], idle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", verb, "--quick", *given]) == 1
    told = capsys.readouterr().err
    assert idle in told and "leave out the one or the other" in told


def test_captions_that_are_not_there_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blank.txt").write_text("\n \n", encoding="utf-8")
    assert main(["bench", "tokenize", "--data", str(tmp_path / "blank.txt")]) == 1
    assert "has no captions; name a text file with one on each line" in capsys.readouterr().err


def test_who_is_not_installed_is_told_with_what_installs_them() -> None:
    assert list(pages.absent({})) == []
    assert list(pages.absent({"ffcv": "no wheel"})) == ["absent: ffcv: no wheel"]
    *told, remedy = pages.absent({"ffcv": "no wheel", "opencv": "No module named 'cv2'"})
    assert told == ["absent: ffcv: no wheel", "absent: opencv: No module named 'cv2'"]
    assert "make bench-peers" in remedy


@pytest.mark.parametrize(
    "given", [["vqa", "--frequent", "3"], ["vqa", "--answers", "a.json"], ["captioning", "--places", "4"]]
)
def test_what_only_training_asks_for_is_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    task, flag, value = given
    assert main(["evaluate", task, ".", "--data", ".", flag, value]) == 1
    assert f"{flag} would say, from its training" in capsys.readouterr().err
