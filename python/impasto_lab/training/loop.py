"""The one loop of every task."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic

import torch

from impasto.checks import require
from impasto.errors import CheckpointError
from impasto.loading import Batches
from impasto.progress import Progress, silent
from impasto_lab.training import checkpoint
from impasto_lab.training.device import seeded
from impasto_lab.training.ending import Ending
from impasto_lab.training.log import MetricsLog, Record, Window, Writer, read_metrics
from impasto_lab.training.optimizer import adamw, clip_gradients, scheduled
from impasto_lab.training.parallel import Parallel
from impasto_lab.training.settings import FitSettings
from impasto_lab.training.task import BatchT, Task
from impasto_lab.training.watching import Watch


@dataclass
class Fit:
    """What came of a run.

    Attributes:
        records: What was logged: ``step``, ``loss``, ``lr``, ``images_per_second``, ``loader_share`` (of the time)
            and the task's own.
        scores: Of the last evaluation, in the first process.
        seconds: Time in this process.
    """

    records: list[Record] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0


def fit(
    task: Task[BatchT],
    loader: Batches[BatchT],
    settings: FitSettings,
    *,
    folder: Path | None = None,
    resume: bool = False,
    stop: int | None = None,
    progress: Progress = silent,
    writers: Sequence[Writer] = (),
) -> Fit:
    """Trains a task's model, on the device that it is on.

    Inside of `distributed.processes` every process calls it with a loader of its own rank: they train one model, and
    the first process evaluates, logs and saves. With a folder, SIGTERM is held back until the step is done and saved.

    Args:
        task: What is trained.
        loader: Gives the batches, epoch after epoch.
        settings: How.
        folder: Where metrics.jsonl and checkpoints go; None writes nothing.
        resume: Go on from the newest checkpoint in the folder, at the batch after its last one.
        stop: Leave off after this many steps of the whole run, with a checkpoint, as if interrupted.
        progress: Told after every step.
        writers: Take the records too, beside metrics.jsonl.

    Returns:
        What came of it.

    Raises:
        CheckpointError: If there is nothing to resume from, or it doesn't fit.
        DivergedError: If the loss is not finite; the folder's ``diverged-RANK.json`` says of which batch.
    """
    run = _Run(task, loader, settings, folder)
    if resume:
        run.resume()
    run.open(writers)
    with Ending() if folder else nullcontext() as ending:
        run.run(stop or settings.steps, progress, ending)
    return run.fit


class _Run(Generic[BatchT]):
    def __init__(self, task: Task[BatchT], loader: Batches[BatchT], settings: FitSettings, folder: Path | None) -> None:
        self.task, self.loader, self.settings, self.folder = task, loader, settings, folder
        self.device = next(task.model.parameters()).device
        self.parallel = Parallel(task, shard=settings.shard, unused=settings.unused)
        decay = {"weight_decay": settings.weight_decay, "betas": settings.betas, "eps": settings.eps}
        self.optimizer = adamw(task.model, lr=settings.lr, **decay)  # type: ignore[arg-type]
        # float16 underflows without a scale; bfloat16 has float32's range.
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings.amp == "float16")
        self.checkpoints = checkpoint.Checkpoints(folder / "checkpoints") if folder else None
        self.writers: list[Writer] = []
        self.window = Window()
        self.watch = Watch(folder, self.device)
        self.fit = Fit()
        self.step = 0

    def resume(self) -> None:
        path = self.checkpoints.latest() if self.checkpoints else None
        if path is None or self.folder is None:
            where = str(self.folder) if self.folder else None
            raise CheckpointError("there is no checkpoint to resume from; begin with resume=False", path=where)
        state = checkpoint.load(path, self.task.model, self.optimizer)
        self.step = state["step"]
        self.loader.load_state_dict(state["loader"])
        self.scaler.load_state_dict(state["scaler"])
        self.window = Window(state["window"])
        records = read_metrics(self.folder / "metrics.jsonl")
        self.fit.records = [record for record in records if record["step"] <= self.step and "loss" in record]

    def open(self, writers: Sequence[Writer]) -> None:
        if self.parallel.rank == 0:
            self.writers += writers
            if self.folder:
                self.folder.mkdir(parents=True, exist_ok=True)
                self.writers.append(MetricsLog(self.folder / "metrics.jsonl", resumed=self.step))

    def run(self, stop: int, progress: Progress, ending: Ending | None) -> None:
        began = self.window.began = time.perf_counter()
        self.task.model.train()
        batches = self._batches()
        asked = False
        if self.step == self.settings.steps:
            self.fit.scores = self.parallel.evaluate()  # by what is asked now; it is no record of the run
        while self.step < stop and not asked:
            self._train(batches)
            self.step += 1
            if self._due(self.settings.log_every) or self.step == self.settings.steps:
                self._record()
            progress(self.step, self.settings.steps)
            if self._due(self.settings.evaluate_every) or self.step == self.settings.steps:
                self._evaluate()
            asked = ending is not None and ending.asked()
            if self._due(self.settings.save_every) or self.step == stop or asked:
                self._save()
        self.fit.seconds = time.perf_counter() - began

    def _due(self, every: int) -> bool:
        return every > 0 and self.step % every == 0

    def _batches(self) -> Iterator[BatchT]:
        while True:
            some = False
            for batch in self.loader:
                some = True
                yield batch
            require(some, "the loader gives no batches; use a smaller batch_size or more data")

    def _train(self, batches: Iterator[BatchT]) -> None:
        settings, parallel = self.settings, self.parallel
        factor = scheduled(
            self.step,
            steps=settings.steps,
            warmup=settings.warmup,
            schedule=settings.schedule,
            floor=settings.min_lr / settings.lr,
        )
        for group in self.optimizer.param_groups:
            group["lr"] = settings.lr * factor
        self.optimizer.zero_grad(set_to_none=True)
        for part in range(settings.accumulate):
            asked = time.perf_counter()
            batch = next(batches)
            waited = time.perf_counter() - asked
            number = (self.step * settings.accumulate + part) * parallel.size + parallel.rank
            last = part == settings.accumulate - 1
            with seeded(settings.seed, number, self.device), parallel.gathering(last):
                with self._autocast():
                    scalars = parallel.step(batch.to(self.device, non_blocking=True))
                torch.autograd.backward(self.scaler.scale(scalars["loss"] / settings.accumulate))
            self.window.add(scalars, len(batch), waited)
            self.watch.add(self.step, scalars, batch)
        if settings.clip is not None:
            self.scaler.unscale_(self.optimizer)
        norm = clip_gradients(self.task.model.parameters(), settings.clip)
        if not self.scaler.is_enabled():  # which leaves out steps whose gradients overflow
            self.watch.add_gradient(self.step, norm)
        if self.watch.always:
            self.watch.check()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.task.after_step()

    def _autocast(self) -> AbstractContextManager[Any]:
        if self.settings.amp == "off":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, self.settings.amp))

    def _record(self) -> None:
        self.watch.check()
        record = {"step": self.step, **self.window.means(), "lr": self.optimizer.param_groups[0]["lr"]}
        self.window = Window()
        self.fit.records.append(record)
        self._write(record)

    def _write(self, record: Record) -> None:
        for writer in self.writers:
            writer.write(record)

    def _evaluate(self) -> None:
        self.watch.check()
        self.fit.scores = self.parallel.evaluate()
        if self.fit.scores:
            self._write({"step": self.step, **self.fit.scores})

    def _save(self) -> None:
        if self.checkpoints is not None:
            self.watch.check()
            state = {
                "loader": self.loader.state_dict(),
                "scaler": self.scaler.state_dict(),
                "window": self.window.state(),
                "settings": asdict(self.settings),
            }
            self.checkpoints.save(self.step, self.task.model, self.optimizer, state)
