"""The one loop of every task."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import torch
from torch import Tensor, nn

from impasto.errors import CheckpointError, DivergedError, RecipeError
from impasto.loading import Batches, Movable
from impasto_lab.training import checkpoint, distributed
from impasto_lab.training.log import MetricsLog, Record, read_metrics
from impasto_lab.training.optimiser import adamw, warmup_cosine

BatchT = TypeVar("BatchT", bound=Movable)
Taken = TypeVar("Taken", bound=Movable, contravariant=True)


class Task(Protocol[Taken]):
    """Where data, model and loss meet. A task may be trained, evaluated, or both."""

    @property
    def model(self) -> nn.Module:
        """What is trained."""
        ...

    def step(self, batch: Taken) -> Mapping[str, Tensor]:
        """The loss of a batch, on the model's device.

        Returns:
            ``"loss"``, a scalar to go down on, and whatever else is worth logging, as scalars.
        """
        ...

    def after_step(self) -> None:
        """Called when the weights have changed."""
        ...

    def evaluate(self) -> dict[str, float]:
        """Scores of the model as it is, by name."""
        ...


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How a model is trained.

    Args:
        steps: Batches, over all epochs.
        lr: The highest learning rate.
        weight_decay: See `impasto_lab.training.optimiser.adamw`.
        warmup: Steps until the highest learning rate.
        schedule: What follows: ``"cosine"``, half of one down to nothing, or ``"constant"``.
        clip: Largest norm of all gradients together, or None.
        amp: Compute in ``"bfloat16"`` or ``"float16"`` where it is safe, or ``"off"``.
        seed: Key of what a model draws in training (dropout); step by step, so that resuming needs no generator.
        log_every: Steps between two records.
        evaluate_every: Steps between two evaluations; 0 evaluates after the last step alone.
        save_every: Steps between two checkpoints; 0 saves after the last step alone.

    Raises:
        RecipeError: If a value makes no sense.
    """

    steps: int
    lr: float = 1e-3
    weight_decay: float = 0.1
    warmup: int = 0
    schedule: Literal["cosine", "constant"] = "cosine"
    clip: float | None = 1.0
    amp: Literal["off", "bfloat16", "float16"] = "off"
    seed: int = 0
    log_every: int = 10
    evaluate_every: int = 0
    save_every: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.log_every < 1:
            raise RecipeError(f"steps={self.steps} and log_every={self.log_every} must be at least 1")
        if not 0 <= self.warmup <= self.steps:
            raise RecipeError(f"warmup={self.warmup} must lie in 0..steps={self.steps}")
        if not self.lr > 0 or (self.clip is not None and not self.clip > 0):
            raise RecipeError(f"lr={self.lr} and clip={self.clip} must be positive")
        if self.schedule not in ("cosine", "constant"):
            raise RecipeError(f"schedule={self.schedule!r} is not known; use 'cosine' or 'constant'")
        if self.amp not in ("off", "bfloat16", "float16"):
            raise RecipeError(f"amp={self.amp!r} is not known; use 'off', 'bfloat16' or 'float16'")


@dataclass
class Fit:
    """What came of a run.

    Attributes:
        records: What was logged: ``step``, ``loss``, ``lr``, ``images_per_second`` and the task's own.
        scores: Of the last evaluation.
        seconds: Time in this process.
    """

    records: list[Record] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0


def pick_device(name: str = "auto") -> torch.device:
    """The device of a name; ``"auto"`` is CUDA where there is one, else the CPU.

    Raises:
        RecipeError: If it is CUDA and there is none.
    """
    cuda = torch.cuda.is_available()
    if name.startswith("cuda") and not cuda:
        raise RecipeError(f"device={name!r}: torch sees no CUDA device; use 'cpu', or a build of torch with CUDA")
    return torch.device("cuda" if cuda else "cpu") if name == "auto" else torch.device(name)


def fit(
    task: Task[BatchT],
    loader: Batches[BatchT],
    settings: FitSettings,
    *,
    folder: Path | None = None,
    resume: bool = False,
    stop: int | None = None,
    on_step: Callable[[int, float], None] = lambda _step, _loss: None,
) -> Fit:
    """Trains a task's model, on the device that it is on.

    Inside of `distributed.processes` every process calls it with a loader of its own rank: gradients are averaged, and
    the first process evaluates, logs and saves.

    Args:
        task: What is trained.
        loader: Gives the batches, epoch after epoch.
        settings: How.
        folder: Where metrics.jsonl and checkpoints go; None writes nothing.
        resume: Go on from the newest checkpoint in the folder, at the batch after its last one.
        stop: Leave off after this many steps of the whole run, with a checkpoint, as if interrupted.
        on_step: Called after every step with its number (from 1) and the last logged loss.

    Returns:
        What came of it.

    Raises:
        CheckpointError: If there is nothing to resume from, or it doesn't fit.
        DivergedError: If the loss is not finite.
    """
    return _Run(task, loader, settings, folder, on_step).run(resume=resume, stop=stop or settings.steps)


class _Run(Generic[BatchT]):
    def __init__(
        self,
        task: Task[BatchT],
        loader: Batches[BatchT],
        settings: FitSettings,
        folder: Path | None,
        on_step: Callable[[int, float], None],
    ) -> None:
        self.task, self.loader, self.settings, self.folder, self.on_step = task, loader, settings, folder, on_step
        self.device = next(task.model.parameters()).device
        self.rank, self.processes = distributed.world()
        self.optimiser = adamw(task.model, lr=settings.lr, weight_decay=settings.weight_decay)
        # float16 underflows without a scale; bfloat16 has float32's range.
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings.amp == "float16")
        self.checkpoints = checkpoint.Checkpoints(folder / "checkpoints") if folder else None
        self.log: MetricsLog | None = None
        self.fit = Fit()
        self.step = 0

    def run(self, *, resume: bool, stop: int) -> Fit:
        if resume:
            self._resume()
        distributed.share_weights(self.task.model)
        if self.folder and self.rank == 0:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.log = MetricsLog(self.folder / "metrics.jsonl", resumed=self.step)
        began = time.perf_counter()
        self.task.model.train()
        window = _Window()
        for batch in self._batches(stop):
            window.add(self._train(batch), len(batch))
            self.step += 1
            if self._due(self.settings.log_every) or self.step == self.settings.steps:
                self._record(window.means(self.step) | {"lr": self.optimiser.param_groups[0]["lr"]})
                window = _Window()
            self.on_step(self.step, self.fit.records[-1]["loss"] if self.fit.records else math.nan)
            if self._due(self.settings.evaluate_every) or self.step == self.settings.steps:
                self._alone(self._evaluate)
            if self._due(self.settings.save_every) or self.step == stop:
                self._alone(self._save)
        self.fit.seconds = time.perf_counter() - began
        return self.fit

    def _alone(self, act: Callable[[], None]) -> None:
        """Lets the first process do something that the others wait for."""
        if self.rank == 0:
            act()
        distributed.wait()

    def _due(self, every: int) -> bool:
        return every > 0 and self.step % every == 0

    def _batches(self, stop: int) -> Iterator[BatchT]:
        while self.step < stop:
            before = self.step
            for batch in self.loader:
                yield batch
                if self.step >= stop:
                    return
            if self.step == before:
                raise RecipeError("the loader gives no batches; use a smaller batch_size or more data")

    def _train(self, batch: BatchT) -> dict[str, Tensor]:
        settings = self.settings
        floor = 1.0 if settings.schedule == "constant" else 0.0
        factor = warmup_cosine(self.step, steps=settings.steps, warmup=settings.warmup, floor=floor)
        for group in self.optimiser.param_groups:
            group["lr"] = settings.lr * factor
        with _seeded(self.settings.seed, self.step * self.processes + self.rank, self.device):
            with self._autocast():
                scalars = self.task.step(batch.to(self.device, non_blocking=True))
            self.optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(self.scaler.scale(scalars["loss"]))
        distributed.average_gradients(self.task.model.parameters())
        if self.settings.clip is not None:
            self.scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.task.model.parameters(), self.settings.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.task.after_step()
        return {name: value.detach() for name, value in scalars.items()}

    def _autocast(self) -> AbstractContextManager[Any]:
        if self.settings.amp == "off":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, self.settings.amp))

    def _record(self, record: Record) -> None:
        if not math.isfinite(record.get("loss", 0.0)):
            raise DivergedError(f"the loss is {record['loss']} at step {self.step}; lower lr={self.settings.lr}")
        self.fit.records.append(record)
        if self.log:
            self.log.write(record)

    def _evaluate(self) -> None:
        self.task.model.eval()
        with torch.no_grad():
            self.fit.scores = self.task.evaluate()
        self.task.model.train()
        if self.fit.scores and self.log:
            self.log.write({"step": self.step, **self.fit.scores})

    def _save(self) -> None:
        if self.checkpoints is not None:
            state = {
                "loader": self.loader.state_dict(),
                "scaler": self.scaler.state_dict(),
                "settings": asdict(self.settings),
            }
            self.checkpoints.save(self.step, self.task.model, self.optimiser, state)

    def _resume(self) -> None:
        path = self.checkpoints.latest() if self.checkpoints else None
        if path is None or self.folder is None:
            where = str(self.folder) if self.folder else None
            raise CheckpointError("there is no checkpoint to resume from; begin with resume=False", path=where)
        state = checkpoint.load(path, self.task.model, self.optimiser)
        self.step = state["step"]
        self.loader.load_state_dict(state["loader"])
        self.scaler.load_state_dict(state["scaler"])
        records = read_metrics(self.folder / "metrics.jsonl")
        self.fit.records = [record for record in records if record["step"] <= self.step and "loss" in record]


class _Window:
    """Sums over the steps between two records; nothing waits for the device until they are read."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.sums: dict[str, Tensor] = {}
        self.steps = 0
        self.images = 0

    def add(self, scalars: Mapping[str, Tensor], images: int) -> None:
        for name, value in scalars.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.steps += 1
        self.images += images

    def means(self, step: int) -> Record:
        means = {name: total.item() / self.steps for name, total in self.sums.items()}
        seconds = time.perf_counter() - self.began
        return {"step": step, **means, "images_per_second": round(self.images / seconds, 1)}


class _seeded:  # noqa: N801  used like a function
    """Draws inside depend on seed and step alone; the generators outside are left as they were."""

    def __init__(self, seed: int, step: int, device: torch.device) -> None:
        self._seed = (seed * 1_000_003 + step) % 2**63
        devices = [device] if device.type == "cuda" else []
        self._fork = torch.random.fork_rng(devices=devices)

    def __enter__(self) -> None:
        self._fork.__enter__()
        torch.manual_seed(self._seed)

    def __exit__(self, *error: Any) -> None:
        self._fork.__exit__(*error)
