"""Style randomization against its published module: the same weights, answers compared, then timed in turns."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from impasto.checks import require
from impasto.sources import Source
from impasto.style import Float32, StyleModel, float32_as
from impasto_lab.bench import machine, photographs, quiet
from impasto_lab.bench.answers import AnswersDifferError
from impasto_lab.bench.difference import Difference
from impasto_lab.bench.own_files import own_images, own_pixels
from impasto_lab.bench.peers.published_style import NAME as PEER
from impasto_lab.bench.settings import StyleTiming
from impasto_lab.bench.stylizing.forms import Form, full_size, small, steps
from impasto_lab.bench.stylizing.memory import peak_bytes
from impasto_lab.bench.stylizing.patience import Patience
from impasto_lab.bench.timing import Track, untracked

#: What pixels in [0, 1] may differ by: their mean and their 99.9th percentile, or the worst of them in IEEE's float32,
#: where sums in another order have come to 0.0005 (half a level of 255 is 0.002).
TOLERANCE = {
    "float32": {"p999": 5e-4, "max": 2e-3},
    "tf32": {"mean": 2e-3, "p999": 2e-2},
    "bfloat16": {"mean": 2e-2, "p999": 2e-1},
    "float16": {"mean": 5e-3, "p999": 5e-2},
    # By bytes, with random weights, which magnify half a level of the images to as much; at 256 pixels to black for
    # white in one pixel of a thousand, so that only the mean says something.
    "int8": {"mean": 3e-2},
}
_BRIEF = {PEER, "fast", "torchscript", "int8", "compact"}
_ALPHA = 0.5


@dataclass(frozen=True)
class Workload:
    """What is restyled at once.

    Attributes:
        size: Side of the images, in pixels.
        batch: Images.
        every: Whether every step is timed, or only the published form and the last ones.
    """

    size: int
    batch: int
    every: bool = True


#: By kind of device.
WORKLOADS: dict[str, tuple[Workload, ...]] = {
    "cpu": (Workload(96, 16), Workload(96, 32, False), Workload(256, 4), Workload(256, 8, False)),
    "cuda": (Workload(96, 128), Workload(256, 32)),
}
QUICK = (Workload(96, 2),)


@dataclass
class StyleRow:
    """A form at a workload.

    Attributes:
        name: As in `Form`.
        title: Likewise.
        workload: What it restyles.
        dtype: As in `Form`.
        difference: From the published form's pixels in float32; None for other networks.
        peak_bytes: See `impasto_lab.bench.stylizing.memory.peak_bytes`.
        rounds: Seconds for the batch in each round: of CPU time on a CPU, of wall-clock time on a GPU.
    """

    name: str
    title: str
    workload: Workload
    dtype: str
    difference: Difference | None
    peak_bytes: int
    rounds: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)


@dataclass(frozen=True, kw_only=True)
class StyleBench(machine.Recorded):
    """What was measured.

    Attributes:
        rows: Every form at every workload, and ResNet-18's training step (``resnet18``) at 96x96.
        skipped: Forms that torch could not make here, with the reason.
        device: The device's name.
    """

    rows: tuple[StyleRow, ...]
    skipped: dict[str, str]
    device: str

    def ratio(self, row: StyleRow) -> float:
        """How many times as fast a row is as the published form of its precision."""
        # Nothing that is published computes by bytes.
        peer = PEER if row.dtype in ("float32", "int8") else f"{PEER}-{row.dtype}"
        return self._of(peer, row.workload).seconds / row.seconds

    def share(self, row: StyleRow) -> float | None:
        """Of a training step with restyling, the share of restyling; where ResNet-18's step was timed."""
        step = [other for other in self.rows if other.name == "resnet18" and other.workload == row.workload]
        return row.seconds / (row.seconds + step[0].seconds) if step and row is not step[0] else None

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "rows": [self._row(row) for row in self.rows],
            "tolerance": TOLERANCE,
            "skipped": self.skipped,
            "device": self.device,
            **self.circumstances(),
        }

    def _row(self, row: StyleRow) -> dict[str, Any]:
        share = self.share(row)
        return {
            "name": row.name,
            "title": row.title,
            "size": row.workload.size,
            "batch": row.workload.batch,
            "milliseconds": round(row.seconds * 1e3, 2),
            "rounds": [round(seconds * 1e3, 2) for seconds in row.rounds],
            "ratio": None if row.name == "resnet18" else round(self.ratio(row), 3),
            "share_of_resnet18_step": None if share is None else round(share, 4),
            "peak_megabytes": round(row.peak_bytes / 1e6, 1),
            "dtype": row.dtype,
            "difference_max": None if row.difference is None else row.difference.max,
            "difference_mean": None if row.difference is None else row.difference.mean,
            "difference_p999": None if row.difference is None else row.difference.p999,
        }

    def _of(self, name: str, workload: Workload) -> StyleRow:
        return next(row for row in self.rows if row.name == name and row.workload == workload)


def run(
    settings: StyleTiming | None = None,
    *,
    data: Source | None = None,
    workloads: Sequence[Workload] | None = None,
    track: Track = untracked,
) -> StyleBench:
    """Compares answers, then times every form in turns, on one core or one GPU.

    Args:
        settings: How much is timed.
        data: Whose images are restyled, spread over it; photographs by default.
        workloads: How many, in what size; `WORKLOADS` by default.
        track: Shows progress.

    Raises:
        AnswersDifferError: If a form's images differ from the published form's by more than `TOLERANCE`.
        RecipeError: If there is no such device, or the data have no image that Pillow opens.
    """
    settings = settings or StyleTiming()
    device, rounds, seed = settings.device, settings.rounds, settings.seed
    place = torch.device(device)
    require(place.type in WORKLOADS, f"device={device!r} can't be timed; use cpu or cuda")
    require(place.type == "cpu" or torch.cuda.is_available(), "device='cuda': torch sees no CUDA device; use cpu")
    chosen = tuple(workloads or WORKLOADS[place.type])
    tried = place.type == "cuda" if settings.compile is None else settings.compile
    rows: list[StyleRow] = []
    skipped: dict[str, str] = {}
    patience = Patience(settings.compile_seconds)
    load = quiet.load()
    with _one_thread(place):
        for workload in chosen:
            images = _images(workload, data, seed).to(place)
            rows += _measure(workload, images, rounds, tried, seed, skipped, patience, track)
    return StyleBench(
        rows=tuple(rows),
        skipped=skipped,
        device=machine.device_name(place),
        machine=machine.describe(),
        versions=machine.versions("impasto", "torch", "torchvision"),
        load=load,
        settings={
            "data": None if data is None else repr(data),
            "device": device,
            "rounds": rounds,
            "compiled": tried,
            "alpha": _ALPHA,
            "seed": seed,
        },
        command=" ".join(["impasto", *sys.argv[1:]]),
    )


def _images(workload: Workload, data: Source | None, seed: int) -> Tensor:
    """A batch [B, 3, S, S] in [0, 1]."""
    count, side = workload.batch, workload.size
    pixels = (
        photographs.pixels(count, side, seed=seed)
        if data is None
        else own_pixels(own_images(data, count).images, count, side)
    )
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float() / 255


def _measure(
    workload: Workload,
    images: Tensor,
    rounds: int,
    compiled: bool,
    seed: int,
    skipped: dict[str, str],
    patience: Patience,
    track: Track,
) -> list[StyleRow]:
    device = images.device
    own = small(StyleModel.load(), device)
    calls: list[tuple[StyleRow, Callable[[], object], Float32]] = []
    expected: Tensor | None = None
    for form in (*steps(full_size(seed), device, compile=compiled), own):
        if not workload.every and form.name not in _BRIEF:
            continue
        slow = "compile" in form.name
        styles = torch.randn(workload.batch, form.embedding, generator=torch.Generator().manual_seed(seed)).to(device)

        def call(form: Form = form, styles: Tensor = styles) -> Tensor:
            return form.restyle(images, styles, _ALPHA)

        with float32_as(form.float32):
            try:
                with patience.spend() if slow else nullcontext():
                    found = call()
            except (RuntimeError, TimeoutError) as error:
                if not slow:
                    raise
                skipped[form.name] = str(error).strip().partition("\n")[0]
                torch.compiler.reset()  # what was broken off leaves nothing half made
                continue
            memory = peak_bytes(call, device)
        if form.name == PEER:
            expected = found
        difference = None
        if form is not own:
            assert expected is not None
            difference = _compare(form, found, expected)
        row = StyleRow(form.name, form.title, workload, form.dtype, difference, memory)
        calls.append((row, call, form.float32))
    if workload.size == 96:
        step = _training_step(images, seed)
        title = "ResNet-18's training step on the batch"
        calls.append((StyleRow("resnet18", title, workload, "float32", None, peak_bytes(step, device)), step, "tf32"))
    # The first turn of each only warms up.
    for turn in track(range(len(calls) * (rounds + 1)), f"timing {workload.batch} x {workload.size}x{workload.size}"):
        row, run_once, precision = calls[turn % len(calls)]
        with float32_as(precision):
            seconds = _seconds(run_once, device)
        if turn >= len(calls):
            row.rounds.append(seconds)
    return [row for row, *_ in calls]


def _compare(form: Form, found: Tensor, expected: Tensor) -> Difference:
    apart = Difference.between(found, expected)
    if (reason := apart.beyond(TOLERANCE[form.dtype])) is not None:
        raise AnswersDifferError(f"{form.name}: in [0, 1] from the published form's {reason}")
    return apart


def _training_step(images: Tensor, seed: int) -> Callable[[], object]:
    """A step of SGD on a ResNet-18 with ten classes; on a GPU in channels_last and bfloat16, as one would train."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: nn.Module = resnet18(num_classes=10)
    gpu = images.is_cuda
    network.to(images.device).to(memory_format=torch.channels_last if gpu else torch.contiguous_format)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    labels = torch.arange(len(images), device=images.device) % 10
    ready = images.contiguous(memory_format=torch.channels_last) if gpu else images

    def step() -> None:
        with torch.autocast("cuda", torch.bfloat16) if gpu else nullcontext():
            loss = nn.functional.cross_entropy(network(ready), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def _seconds(call: Callable[[], object], device: torch.device) -> float:
    if device.type == "cuda":
        repeats = 10
        torch.cuda.synchronize(device)
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        torch.cuda.synchronize(device)
        return (time.perf_counter() - start) / repeats
    start = time.process_time()
    call()
    return time.process_time() - start


@contextmanager
def _one_thread(device: torch.device) -> Iterator[None]:
    """Holds torch to one core where a CPU is timed."""
    if device.type != "cpu":
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with machine.one_cpu():
            yield
    finally:
        torch.set_num_threads(threads)
