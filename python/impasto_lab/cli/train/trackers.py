"""Records shown elsewhere: by TensorBoard, and by Weights & Biases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from impasto.extras import need
from impasto.files import new_file
from impasto_lab.training.log import Record

#: The extra that brings both.
_EXTRA = "tracking"


class TensorBoard:
    """Writes records as scalars into event files. A context manager.

    What an earlier run wrote into the folder goes on, but for what it wrote at the first record's step and later.

    Args:
        folder: Where the files go; made when the first record comes.

    Raises:
        MissingExtraError: If tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        need("tensorboard", _EXTRA)
        self._folder = folder
        self._events: Any = None

    def write(self, record: Record) -> None:
        """Takes a record."""
        step = record["step"]
        if self._events is None:
            module = need("torch.utils.tensorboard", _EXTRA)
            self._events = module.SummaryWriter(str(self._folder), purge_step=step)
        for name, value in record.items():
            if name != "step":
                self._events.add_scalar(name, value, step)
        self._events.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._events is not None:
            self._events.close()


class WeightsAndBiases:
    """Logs records to a project of Weights & Biases. A context manager.

    ``WANDB_MODE=offline`` keeps them below the folder, for ``wandb sync``. A run that goes on is the same run there
    (``wandb.json`` has its id); records since its last checkpoint appear twice, by their step.

    Args:
        project: The project's name.
        folder: The training run's.
        settings: What the run is begun with, to be shown beside it.

    Raises:
        MissingExtraError: If wandb is not installed.
    """

    def __init__(self, project: str, folder: Path, settings: Mapping[str, Any]) -> None:
        wandb = need("wandb", _EXTRA)
        folder.mkdir(parents=True, exist_ok=True)
        noted = folder / "wandb.json"
        id = json.loads(noted.read_text(encoding="utf-8"))["id"] if noted.exists() else None
        self._run = wandb.init(
            project=project, dir=str(folder), name=folder.name, id=id, resume="allow", config=dict(settings)
        )
        # Its own count of calls goes neither back nor on from where a killed run was.
        self._run.define_metric("*", step_metric="step")
        with new_file(noted) as file:
            file.write_text(json.dumps({"id": self._run.id}) + "\n", encoding="utf-8")

    def write(self, record: Record) -> None:
        """Takes a record."""
        self._run.log(record)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._run.finish(exit_code=0 if kind is None else 1)
