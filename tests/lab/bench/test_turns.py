"""Arms of kernels take turns, and what the verbs that time them write."""

from __future__ import annotations

import dataclasses
import json
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from impasto import ops
from impasto.errors import RecipeError
from impasto_lab.bench import kernels, machine
from impasto_lab.bench.answers import AnswersDifferError
from impasto_lab.bench.settings import KernelTiming, LoaderTiming, TrainStepTiming
from impasto_lab.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")


def _group(log: list[str], wrong: str = "") -> kernels.Group:
    def arm(name: str) -> object:
        return lambda: log.append(name) or name

    return kernels.Group(
        title="work",
        arms={"impasto": arm("impasto"), "other": arm("other")},
        difference=lambda name, _: "it is wrong" if name == wrong else "",
        yardsticks={"copy": arm("copy")},
        items=5,
        packages={"impasto": "impasto"},
        distance=lambda name, _: 0.5,
    )


def test_arms_take_turns_after_their_answers_were_compared() -> None:
    log: list[str] = []
    arms = kernels.time_groups([_group(log)], rounds=3)
    assert [arm.name for arm in arms] == ["copy", "impasto", "other"]
    assert log[-9:] == ["copy", "impasto", "other"] * 3
    assert all(len(arm.rounds) == 3 and arm.spread[0] <= arm.rate <= arm.spread[1] for arm in arms)
    assert [arm.apart for arm in arms] == [None, 0.5, 0.5]
    assert [arm.version is None for arm in arms] == [True, False, True]
    with pytest.raises(AnswersDifferError, match="work: other: it is wrong"):
        kernels.time_groups([_group(log, wrong="other")], rounds=1)


@pytest.mark.skipif(len(machine.cpus()) < 2, reason="there is one CPU")
def test_threads_work_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """On as many CPUs, all of the work each; a rate is of all of them together."""
    met, cpus = threading.Barrier(2), []

    def together() -> str:
        if threading.current_thread() is not threading.main_thread():
            met.wait(60)  # nobody comes alone
        cpus.append(len(machine.cpus()))
        time.sleep(0.1)
        return "impasto"

    group = dataclasses.replace(_group([]), arms={"impasto": together}, yardsticks={}, distance=None)
    one, two = kernels.time_groups([group], rounds=2, threads=(1, 2))
    assert (one.threads, two.threads) == (1, 2) and cpus[-3:] == [1, 2, 2]
    assert min(two.rounds) >= 0.1 and two.rate == pytest.approx(10 / statistics.median(two.rounds))
    assert max(two.rounds) < 5 and one.rate > two.rate  # asleep it takes no CPU time
    assert [arm.as_dict()["clock"] for arm in (one, two)] == ["cpu", "wall"]
    monkeypatch.setattr(machine, "cpus", lambda: [0])
    with pytest.raises(RecipeError, match=r"threads=\(2,\): this process may use 1 CPUs"):
        kernels.time_groups([group], rounds=1, threads=(2,))


@pytest.mark.skipif(len(machine.cpus()) < 2, reason="there is one CPU")
@pytest.mark.parametrize("verb", ["decode --sizes 96x96", "resize --sizes 96x96", "tokenize", "mix"])
def test_everybody_can_be_called_from_two_threads(tmp_path: Path, verb: str) -> None:
    table, page = tmp_path / "bench.json", tmp_path / "bench.html"
    asked = ["--quick", "--rounds", "1", "--threads", "1", "2", "--json", str(table), "--page", str(page)]
    assert main(["bench", *verb.split(), *asked]) == 0
    document = json.loads(table.read_text(encoding="utf-8"))
    counted = [(row["work"], row["name"], row["threads"]) for row in document["rows"]]
    assert len(counted) == len(set(counted)) and {count for *_, count in counted} == {1, 2}
    assert "several threads: on as many cores, wall-clock time" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KernelTiming().formats)
def test_decoders_and_resizers_agree_and_a_wrong_one_is_noticed(kind: str) -> None:
    images = kernels.encoded(kind, (96, 64), 2)
    for group in (
        kernels.decoders(images, kind, "two"),
        kernels.resizers([ops.decode(image) for image in images], 32, "bicubic", "two"),
    ):
        for name in group.names:
            group.checked(name)
        assert {"impasto", "pillow", "torchvision"} <= set(group.arms)
        assert not set(group.arms) & set(group.absent)
        assert group.difference("torchvision", [image[::-1] for image in group.arms["pillow"]()])


def test_sizes_and_formats_are_asked_for_by_name() -> None:
    assert KernelTiming(sizes=("96x64",)).shapes == {"96x64": (96, 64)}
    for wrong in (
        {"sizes": ("96",)},
        {"sizes": ("0x3",)},
        {"sizes": ("99999x99999",)},
        {"formats": ("jpeg",)},
        {"qualities": (0,)},
        {"rounds": 0},
        {"threads": ()},
        {"threads": (0, 1)},
    ):
        with pytest.raises(RecipeError, match=next(iter(wrong))):
            KernelTiming(**wrong)
    for timing, given in (
        (LoaderTiming, {"sizes": ("99999x99999",)}),
        (TrainStepTiming, {"width": 99999, "height": 99999}),
    ):
        with pytest.raises(RecipeError, match="99999x99999 are more pixels"):
            timing(**given)


@pytest.mark.parametrize(
    ("verb", "arguments", "names"),
    [
        ("decode", "--images 2 --sizes 96x96 --formats PNG", {"impasto", "pillow", "torchvision"}),
        ("resize", "--images 2 --sizes 96x96 --side 32", {"impasto", "pillow", "torchvision"}),
        ("tokenize", "--captions 20", {"impasto", "open_clip", "tokenizers"}),
        ("mix", "", {"impasto", "torch", "official", "copy", "clone"}),
    ],
)
def test_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, arguments: str, names: set[str]) -> None:
    table, plot, page = tmp_path / "bench.json", tmp_path / "bench.png", tmp_path / "bench.html"
    written = ["--json", str(table), "--plot", str(plot), "--page", str(page)]
    assert main(["bench", verb, "--quick", "--rounds", "2", *arguments.split(), *written]) == 0
    assert "load average before" in capsys.readouterr().out
    document = json.loads(table.read_text(encoding="utf-8"))
    assert {row["name"] for row in document["rows"]} >= names
    assert all(len(row["rounds"]) == 2 and row["rate"] > 0 for row in document["rows"])
    assert document["versions"]["impasto"] and document["settings"]["rounds"] == 2
    with PIL.Image.open(plot) as image:
        assert image.format == "PNG"
    text = page.read_text(encoding="utf-8")
    assert document["rows"][0]["work"] in text and document["machine"]["cpu"] in text


def test_bench_on_own_data(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number, image in enumerate(kernels.encoded("JPEG", (64, 48), 3)):
        (folder / f"{number}.jpg").write_bytes(image)
        (folder / f"{number}.txt").write_text("a photo", encoding="utf-8")
    (tmp_path / "captions.txt").write_text("a cat\n\na dog\n", encoding="utf-8")
    table = tmp_path / "bench.json"
    for verb, place, works in (
        ("decode", folder, {f"decode 3 JPEG of {folder}"}),
        ("resize", folder, {f"resize 3 of {folder} to 224x224, {how}" for how in ("bilinear", "bicubic")}),
        ("tokenize", tmp_path / "captions.txt", {"CLIP ids of 2 captions"}),
        ("tokenize", folder, {"CLIP ids of 3 captions"}),
    ):
        assert main(["bench", verb, "--quick", "--rounds", "1", "--data", str(place), "--json", str(table)]) == 0
        assert {row["work"] for row in json.loads(table.read_text(encoding="utf-8"))["rows"]} == works
    given = json.loads(table.read_text(encoding="utf-8"))["settings"]
    assert given["data"] == str(folder) and given["captions"] == 200 and "sizes" not in given
    for content in (b"\n", b"caf\xe9\n", None):
        (place := tmp_path / "none.txt").unlink(missing_ok=True)
        if content is not None:
            place.write_bytes(content)
        assert main(["bench", "tokenize", "--quick", "--data", str(place)]) == 1


@pytest.mark.parametrize("verb", ["decode", "resize", "mix"])
def test_what_own_data_have_besides_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    (folder := tmp_path / "photographs").mkdir()
    for number, image in enumerate([*kernels.encoded("JPEG", (64, 48), 2), b"no image"]):
        (folder / f"{number}.jpg").write_bytes(image)
    (folder / "3.png").write_bytes(kernels.encoded("PNG", (64, 48), 1)[0])
    table = tmp_path / "bench.json"
    asked = ["bench", verb, "--quick", "--rounds", "1", "--data", str(folder), "--json", str(table)]
    assert main(asked) == 0
    assert f"left out of {folder}: 1 PNG, 1 broken" in capsys.readouterr().out
    document = json.loads(table.read_text(encoding="utf-8"))
    assert document["left_out"] == {"PNG": 1, "broken": 1}
    assert document["settings"]["data"] == str(folder) and not {"sizes", "vocabulary"} & set(document["settings"])
    if verb != "mix":
        table.unlink()
        assert main([*asked, "--sizes", "96x96"]) == 1 and not table.exists()
        assert "--sizes: of images that are made here, which --data leaves out" in capsys.readouterr().err


def test_a_seed_is_of_what_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the verbs make by another seed is other work."""
    timed: list[list[kernels.Group]] = []
    monkeypatch.setattr(kernels, "time_groups", lambda groups, **_: timed.append(list(groups)) or [])
    for verb in ("decode", "resize", "tokenize", "mix"):
        timed.clear()
        for seed in ("0", "0", "1"):
            assert main(["bench", verb, "--quick", "--seed", seed]) == 0
        first, again, other = ([_bytes(group.arms["impasto"]()) for group in groups] for groups in timed)
        assert first == again and not set(first) & set(other), verb


def _bytes(answer: Any) -> bytes:
    return b"".join(np.asarray(part).tobytes() for part in answer)


def test_qualities_and_samplings_are_tables_of_their_own(tmp_path: Path) -> None:
    """Of the formats that have them."""
    target = tmp_path / "decode.json"
    little = ["--images", "1", "--sizes", "96x96", "--rounds", "1"]
    ways = ["--qualities", "60", "90", "--samplings", "4:2:0", "4:4:4"]
    assert main(["bench", "decode", *little, *ways, "--json", str(target)]) == 0
    rows = json.loads(target.read_text(encoding="utf-8"))["rows"]
    assert [row["work"] for row in rows if row["name"] == "impasto"] == [
        *(f"decode 1 JPEG of 96x96, quality {quality}, {how}" for quality in (60, 90) for how in ("4:2:0", "4:4:4")),
        "decode 1 PNG of 96x96",
        *(f"decode 1 WebP of 96x96, quality {quality}" for quality in (60, 90)),
    ]
