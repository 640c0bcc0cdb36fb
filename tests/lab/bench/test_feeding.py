"""Steps on a device and what feeds them: models that learn, clocks that add up, rows that there is time for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from impasto.errors import RecipeError
from impasto.sources import Sequence
from impasto_lab.bench import machine
from impasto_lab.bench.answers import compare
from impasto_lab.bench.feeding import clocks, measuring
from impasto_lab.bench.feeding.clocks import CudaClock, HostClock, clock_of
from impasto_lab.bench.feeding.measuring import FedBench, FedRow, run
from impasto_lab.bench.feeding.steps import ClassifierStep
from impasto_lab.bench.kernels import encoded
from impasto_lab.bench.peers import pillow
from impasto_lab.bench.peers.pairs import MixedPairs
from impasto_lab.bench.photographs import write_files
from impasto_lab.bench.settings import FeedTiming, TrainStepTiming
from impasto_lab.bench.work import Work
from impasto_lab.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")
LITTLE = TrainStepTiming(preset="tiny", images=8, width=64, height=48, batch_size=4, rounds=2)


#: Torchvision's own numbers; a ViT of 32 pixels has 5 positions for 197.
PARAMETERS = {"resnet18": 11_689_512, "vit-b-16": 86_567_656 - (197 - 5) * 768}


@pytest.mark.parametrize(("name", "side"), [("resnet18", 64), ("vit-b-16", 32)])
def test_a_classifier_of_torchvision_learns_its_labels(name: str, side: int) -> None:
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    step = ClassifierStep(name, side=side, seed=0)
    losses = [step(MixedPairs(images, None, None)) for _ in range(5)]
    assert step.parameters == PARAMETERS[name] and losses[-1] < losses[0] and not losses[0].requires_grad
    assert torch.equal(losses[0], ClassifierStep(name, side=side, seed=0)(MixedPairs(images, None, None)))


def test_images_without_captions_are_compared_too(tmp_path: Path) -> None:
    work = Work(batch_size=4, size=64, length=0, mixed=0.0)
    found = compare(write_files(tmp_path, 8, size=(160, 120)), work, (pillow,))
    assert found.images == 8 and not any("captions" in line for line in found.lines())


def test_the_host_counts_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(clock_of(torch.device("cpu"))) is HostClock
    times = iter([10.0, 11.0, 13.0, 14.0, 17.0, 20.0])
    monkeypatch.setattr(clocks.time, "perf_counter", lambda: next(times))
    clock = HostClock()
    for _ in range(2):
        with clock.step():
            pass
    assert clock.stop() == (10.0, 5.0, None)


class _Event:
    """An event of a stream that takes 30 ms for a step and 20 ms between two."""

    recorded: list[_Event] = []  # noqa: RUF012
    waited: list[int] = []  # noqa: RUF012

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing

    def record(self) -> None:
        self.place = len(self.recorded)
        self.recorded.append(self)

    def synchronize(self) -> None:
        self.waited.append(self.place)

    def elapsed_time(self, other: _Event) -> float:
        return {1: 30.0}[other.place - self.place]


def test_a_device_counts_by_its_own_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a simulated one: the host is never more than two steps ahead, and what the device says of itself is kept."""
    monkeypatch.setattr(_Event, "recorded", [])
    monkeypatch.setattr(_Event, "waited", [])
    said = iter([50, 100])
    seconds = iter([0.0, 0.1, 0.3, 0.3, 0.4, 0.9, 0.9, 1.0])
    cuda = SimpleNamespace(Event=_Event, synchronize=lambda _: None, utilization=lambda _: next(said))
    monkeypatch.setattr(clocks.torch, "cuda", cuda)
    monkeypatch.setattr(clocks.time, "perf_counter", lambda: next(seconds))
    clock = clock_of(torch.device("cuda"))
    assert isinstance(clock, CudaClock)
    for _ in range(4):
        with clock.step():
            pass
    assert _Event.waited == [1, 3], "the ends of the first two steps"
    assert clock.stop() == (1.0, pytest.approx(0.12), 0.75)


@pytest.mark.parametrize("raised", [ModuleNotFoundError, RuntimeError, "NVMLError"])
def test_a_device_that_says_nothing_of_itself(monkeypatch: pytest.MonkeyPatch, raised: type[Exception] | str) -> None:
    class NVMLError(Exception):
        pass

    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(NVMLError=NVMLError))

    def refused(_: object) -> int:
        raise NVMLError if raised == "NVMLError" else raised

    monkeypatch.setattr(clocks.torch.cuda, "utilization", refused)
    assert clocks._utilization(torch.device("cuda")) == []


def test_what_is_ready_at_first_is_not_timed() -> None:
    row, taken = FedRow("threads", 3, None), []

    def batches() -> Iterator[MixedPairs]:
        for number in range(100):
            taken.append(number)
            yield MixedPairs(torch.zeros(4, 1), None, None)

    steps: list[MixedPairs] = []
    measuring._time(row, batches(), steps.append, torch.device("cpu"), 1e-9)
    assert len(steps) == len(taken) == 1 + 2 * 3 + 1 and len(row.rounds) == 1


def test_an_epoch_that_ends_is_followed_by_another() -> None:
    row = FedRow("bound", 1, None)
    measuring._time(row, [MixedPairs(torch.zeros(4, 1), None, None)], lambda _: None, torch.device("cpu"), 1e-9)
    assert row.rounds[0] > 0 and 0 <= row.waiting < 1


def test_figures_add_up() -> None:
    def row(kind: measuring.Kind, cores: int, *rates: float) -> FedRow:
        return FedRow(kind, cores, "1", list(rates), [0.1, 0.3, 0.2], [0.5])

    rows = (row("bound", 4, 400), row("threads", 1, 90, 110, 100), row("stock", 1, 50), row("threads", 4, 300))
    known = {"machine": {}, "versions": {}, "load": None, "settings": {"seed": 0}, "command": ""}
    bench = FedBench(rows=rows, skipped={}, answers=_answers(), parameters=1, device="H", held=True, **known)
    told = bench.as_dict()["rows"]
    assert [one["ratio"] for one in told] == [None, 2.0, None, None]
    assert [one["of_bound"] for one in told] == [1, 0.25, 0.125, 0.75]
    assert (told[1]["waiting"], told[1]["utilization"]) == (0.2, 0.5)


def _answers() -> measuring.Answers:
    return measuring.Answers(1, {}, 50.0, 40.0)


def test_all_cores_and_the_fewest_come_first() -> None:
    counts = [count for kind, count in measuring._grid((1, 2, 4, 8)) if kind == "stock"]
    assert counts == [8, 1, 4, 2] and next(measuring._grid((1, 2))) == ("bound", 2)


def test_what_there_is_no_time_for_is_named() -> None:
    found = run(LITTLE, FeedTiming(device="cpu", cores=(1,), seconds=0.01, limit=1e-3))
    assert [row.kind for row in found.rows] == ["bound"] and len(found.rows[0].rounds) == 2
    assert list(found.skipped) == [f"{title}, 1 cores" for kind, title in measuring.TITLES.items() if kind != "bound"]


def test_rounds_that_there_is_no_time_for_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was timed before stays."""
    clock = [0.0]

    def timed(row: FedRow, *_: object) -> None:
        clock[0] += 1
        row.rounds.append(1.0)
        row.waits.append(0.0)

    monkeypatch.setattr(measuring, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(measuring, "_time", timed)
    found = run(LITTLE, FeedTiming(device="cpu", cores=(1,), limit=6.5))
    assert [len(row.rounds) for row in found.rows] == [2, 2, 1, 1, 1]
    assert set(found.skipped.values()) == {"the 6.5 s that there are were over after 1 of 2 rounds"}


@pytest.mark.parametrize("kind", ["PNG", "WebP"])
def test_the_stock_loader_is_the_faster_one_and_opens_own_images(kind: str) -> None:
    assert measuring.TITLES["stock"].startswith("torchvision.io")
    data = Sequence([(image, "a photo") for image in encoded(kind, (64, 48), 8)])
    found = run(LITTLE, FeedTiming(device="cpu", cores=(1,), seconds=0.01), data=data)
    assert found.answers.apart.keys() == {"torchvision.io"} and found.rows[-1].kind == "stock"
    assert found.rows[-1].version == found.versions["torchvision"]


def test_bench_train_step_on_a_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, page, plot = tmp_path / "fed.json", tmp_path / "fed.html", tmp_path / "fed.png"
    little = ["--images", "8", "--batch-size", "4", "--width", "64", "--height", "48", "--seconds", "0.05"]
    shown = ["--json", str(target), "--page", str(page), "--plot", str(plot)]
    arguments = ["--device", "cpu", "--quick", "--model", "resnet18", "--side", "32", "--cores", "1", *little]
    assert main(["bench", "train-step", *arguments, *shown]) == 0
    told = capsys.readouterr().out
    assert "prefetched" in told and "no device tells how busy it is" in told
    document = json.loads(target.read_text(encoding="utf-8"))
    rows = [(row["name"], row["cores"]) for row in document["rows"]]
    assert rows == [(kind, 1) for kind in ("bound", "threads", "processes", "prefetched", "stock")]
    assert all(row["images_per_second"] > 0 and 0 <= row["waiting"] < 1 for row in document["rows"])
    assert document["device"] == document["machine"]["cpu"] and document["settings"]["model"] == "resnet18"
    assert document["skipped"] == {} and document["parameters"] == PARAMETERS["resnet18"]
    assert "prefetched to the device" in page.read_text(encoding="utf-8") and plot.stat().st_size > 1000


def test_what_bounds_is_one_batch_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, list[object]] = {}
    monkeypatch.setattr(measuring, "_placed", lambda batch, place: ("placed", place.type, len(batch.images)))

    def timed(row: FedRow, fed: list[object], *_: object) -> None:
        seen.setdefault(row.kind, []).append(fed)
        row.rounds.append(1.0)

    monkeypatch.setattr(measuring, "_time", timed)
    run(LITTLE, FeedTiming(device="cpu", cores=(1,)))
    assert seen["bound"] == [[("placed", "cpu", 4)]] * 2
    kinds = {kind: type(fed[0]).__name__ for kind, fed in seen.items()}
    expected = {"threads": "Loader", "processes": "Loader", "prefetched": "Prefetched", "stock": "DataLoader"}
    assert kinds == {"bound": "list", **expected}
    assert [seen[kind][0].processes for kind in ("threads", "processes")] == [False, True]


def test_a_clip_is_fed_captions() -> None:
    found = run(LITTLE, FeedTiming(device="cpu", cores=(1,), seconds=0.01))
    assert found.answers.captioned and found.parameters > 49408 * 64
    assert len({row.kind for row in found.rows}) == 5 and all(len(row.rounds) == 2 for row in found.rows)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--model", "resnet18", "--sweep"], "--model, --sweep"),
        (["--device", "cpu", "--pace", "3"], "--pace"),
        (["--device", "cpu", "--model", "resnet18", "--preset", "base"], "--preset"),
        (["--device", "cpu", "--side", "32"], "--side"),
        (["--device", "cpu", "--cores", "4096"], "this process may use"),
        (["--device", "cpu", "--side", "40", "--model", "vit-b-16"], "side=40"),
        (["--device", "cpu", "--seconds", "0"], "seconds=0"),
    ],
)
def test_what_makes_no_sense_is_refused(flags: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "train-step", *flags]) == 1
    assert named in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_is_not_there() -> None:
    with pytest.raises(RecipeError, match="torch sees no CUDA device"):
        run(LITTLE, FeedTiming(device="cuda"))
    assert machine.device_name(torch.device("cpu")) == machine.describe()["cpu"]


@pytest.mark.skipif(torch.cuda.is_available() or shutil.which("make") is None, reason="there is one, or no make")
def test_make_bench_gpu_says_so() -> None:
    """In the verb's one sentence."""
    given = ["make", "-o", f"{sys.prefix}/.built", "bench-gpu", f"VENV={sys.prefix}"]
    done = subprocess.run(given, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=100)
    assert done.returncode != 0 and "Traceback" not in done.stderr and "torch sees no CUDA device" in done.stderr
