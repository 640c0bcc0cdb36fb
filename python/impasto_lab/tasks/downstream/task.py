"""What a downstream task is: functions that build, train and judge, by which verbs and experiments run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from impasto.files import writing
from impasto.loading import Batches
from impasto.progress import Progress, silent
from impasto.sources import Source
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.training import Task

#: What an evaluation found, by name; shares in per cent.
Figures = dict[str, float]


@dataclass(frozen=True, eq=False)
class Tuning:
    """A model about to be tuned.

    Attributes:
        opened: With the head that the task puts on it.
        task: Its step, and its evaluation where data is held out.
        loader: Batches to train on.
    """

    opened: Opened
    task: Task[Any]
    loader: Batches[Any]


@dataclass(frozen=True, kw_only=True)
class Judging:
    """How an evaluation is run.

    Attributes:
        options: The task's own: a value of its `Downstream.options`.
        batch_size: Images, or pairs, at a time.
        workers: Threads that load.
        device: Where the model computes.
        out: The folder for what is more than figures, such as answers for a server; None writes nothing.
        progress: Told on the way.
    """

    options: Any
    batch_size: int = 64
    workers: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    out: Path | None = None
    progress: Progress = silent

    def require_out(self) -> None:
        """Makes the folder, where one is asked for, before anything is computed.

        Raises:
            SourceError: If it can't be made.
        """
        if self.out is not None:
            with writing("what is more than figures", self.out):
                self.out.mkdir(parents=True, exist_ok=True)


#: From a checkpoint, data, settings, how held-out data is judged, and that data, to what is trained.
Begin = Callable[[Opened, Source, TuneSettings, Judging, Source | None], Tuning]
Judge = Callable[[Opened, Source, Judging], Figures]


@dataclass(frozen=True)
class Downstream:
    """A task.

    Attributes:
        name: As the command line has it.
        models: Kinds of models that it is for.
        options: A frozen dataclass of what else its evaluation may be told.
        judge: Evaluates a checkpoint on data.
        begin: Sets up a training; None where nothing is trained.
        headed: Whether it puts a head on the model, without which nothing can be evaluated.
        note: What one has to know to read its figures.
    """

    name: str
    models: tuple[str, ...]
    options: type
    judge: Judge
    begin: Begin | None = None
    headed: bool = False
    note: str = ""
