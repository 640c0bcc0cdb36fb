"""Tunes a checkpoint to a task, and evaluates one: what ``impasto train TASK`` and ``impasto evaluate TASK`` run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import nn

from impasto.checks import require
from impasto.progress import Progress, silent
from impasto.sources import Source
from impasto_lab.tasks.begun import FREE, keep_begun, require_begun
from impasto_lab.tasks.downstream.opened import Opened, require_task, save_checkpoint
from impasto_lab.tasks.downstream.registry import find_task
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Figures, Judging
from impasto_lab.tasks.pretrain.vocabulary import require_captions
from impasto_lab.training import Checkpoints, Fit, FitSettings, Writer, fit
from impasto_lab.training.checkpoint import load_weights
from impasto_lab.training.distributed import wait, world


@dataclass(frozen=True, eq=False)
class Tuned:
    """What came of a tuning.

    Attributes:
        opened: The model, as it was left.
        fit: Records, scores and time.
        resumed: The step that it went on from; 0 where it was begun.
    """

    opened: Opened
    fit: Fit
    resumed: int


def tune(
    name: str,
    opened: Opened,
    data: Source,
    settings: TuneSettings,
    *,
    folder: Path,
    held_out: Source | None = None,
    judging: Judging | None = None,
    stop: int | None = None,
    progress: Progress = silent,
    writers: Sequence[Writer] = (),
) -> Tuned:
    """Tunes a checkpoint to a task, or goes on with it where the folder has a checkpoint of the run.

    The folder gets ``run.json``, ``metrics.jsonl``, ``checkpoints/``, and at the end ``model/``, which
    `impasto_lab.tasks.downstream.open_checkpoint` opens.

    Args:
        name: The task's.
        opened: A pretrained model, or one that was tuned to the same task without a head.
        data: What it is trained on.
        settings: How.
        folder: The run's.
        held_out: What it is evaluated on.
        judging: How it is evaluated, and on which device all of it runs; by default as the task's options say.
        stop: Leave off after this many steps of the whole run, with a checkpoint, as if interrupted.
        progress: Told after every step.
        writers: Take the records too.

    Raises:
        RecipeError: If there are too few samples for a batch, or the task trains nothing.
        CheckpointError: If the checkpoint is of another task, or the folder's run was begun otherwise, from another
            checkpoint say, or with another list of answers.
        CaptionError: If the data has no texts.
        DivergedError: If the loss is not finite.
    """
    task = find_task(name)
    begin = task.begin
    if begin is None:
        require(False, f"{name} trains nothing; run impasto evaluate {name}")
    assert begin is not None
    require_task(opened, name, task.models, tuned=False)
    rank, processes = world()
    together = settings.batch_size * processes
    require(
        len(data) >= together, f"{len(data)} samples are fewer than a batch of {together}; use a smaller batch_size"
    )
    require_captions(data)
    began_from = _weights_digest(opened.whole)
    ready = begin(opened, data, settings, judging or Judging(options=task.options()), held_out)
    steps = settings.steps or settings.epochs * (len(data) // together) // settings.accumulate
    latest = Checkpoints(folder / "checkpoints").latest()
    kept = {name: value for name, value in asdict(settings).items() if name not in FREE}
    begun: dict[str, Any] = {
        "task": name, "settings": kept, "steps": steps, "model": ready.opened.kind,
        "sizes": asdict(ready.opened.base.settings), "processes": processes, "samples": len(data),
        "from": began_from, "words": _told(ready.opened.compact and ready.opened.compact.ids),
        "notes": {name: _told(value) for name, value in ready.opened.notes.items()},
    }  # fmt: skip
    if latest is not None:
        require_begun(folder, begun)
    elif rank == 0:
        keep_begun(folder, begun)
    fitted = fit(
        ready.task,
        ready.loader,
        _fit_settings(settings, steps),
        folder=folder,
        resume=latest is not None,
        stop=stop,
        progress=progress,
        writers=writers,
    )
    newest = Checkpoints(folder / "checkpoints").latest()
    if rank == 0 and newest is not None and stop is None:
        load_weights(newest, ready.task.model)
        save_checkpoint(ready.opened, folder / "model")
    wait()
    ready.opened.whole.eval()
    return Tuned(ready.opened, fitted, int(latest.name.partition("-")[2]) if latest else 0)


def evaluate(name: str, opened: Opened, data: Source, judging: Judging | None = None) -> Figures:
    """Evaluates a checkpoint on a task's data.

    Args:
        name: The task's.
        opened: A model that was tuned to it; a pretrained one where the task has no head.
        data: What it is judged on.
        judging: How; by default as the task's options say, on the CPU.

    Returns:
        Figures by name, shares in per cent.

    Raises:
        CheckpointError: If the checkpoint is of another task or model.
        RecipeError: If an option makes no sense.
    """
    task = find_task(name)
    require_task(opened, name, task.models, tuned=task.headed)
    judging = judging or Judging(options=task.options())
    opened.whole.to(judging.device)
    with torch.no_grad():
        return task.judge(opened, data, judging)


def _weights_digest(model: nn.Module) -> str:
    """What tells a checkpoint from others, wherever it lies."""
    digest = blake2b(digest_size=8)
    for name, tensor in model.state_dict().items():
        digest.update(f"{name} {list(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _told(value: Any) -> Any:
    """A value for ``run.json``: of a list, how many there are, and what tells them from others."""
    if not isinstance(value, list | tuple):
        return value
    return f"{len(value)}, {blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()}"


def _fit_settings(settings: TuneSettings, steps: int) -> FitSettings:
    shared = {one.name for one in fields(FitSettings)} & {one.name for one in fields(TuneSettings)}
    values = {name: getattr(settings, name) for name in shared - {"steps", "warmup"}}
    return FitSettings(**values, steps=steps, warmup=min(settings.warmup, steps // 10))
