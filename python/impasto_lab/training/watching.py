"""What a run does when its loss, or its gradient, is no number: it stops, and keeps what repeats the batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from impasto.batch import Batch
from impasto.errors import DivergedError
from impasto_lab.training.distributed import anywhere, world


@dataclass(frozen=True, eq=False)
class _Seen:
    step: int
    scalars: Mapping[str, Tensor]
    batches: list[dict[str, Any]]


class Watch:
    """Notes each batch with its loss and each step with its gradient; stops the run at the first that is no number.

    Args:
        folder: Where ``diverged-RANK.json`` is written: the step, the scalars, and of the batch its id, keys, samples
            and plan, so that it can be loaded and run again. None writes nothing.
        device: What the losses are on. They are looked at before they change any weight on a CPU; elsewhere when the
            run waits for the device anyway.
    """

    def __init__(self, folder: Path | None, device: torch.device) -> None:
        self._folder = folder
        self._seen: list[_Seen] = []
        self._norms: dict[int, Tensor] = {}
        #: Whether looking costs no waiting.
        self.always = device.type == "cpu"

    def add(self, step: int, scalars: Mapping[str, Tensor], batch: object) -> None:
        """Notes a batch and what came of it.

        Args:
            step: Steps done before.
            scalars: With ``"loss"``.
            batch: An `impasto.Batch`, or something that holds some.
        """
        noted = [_note(part) for part in _parts(batch)]
        self._seen.append(_Seen(step, {name: value.detach() for name, value in scalars.items()}, noted))

    def add_gradient(self, step: int, norm: Tensor) -> None:
        """Notes the norm of a step's gradient, a scalar."""
        self._norms[step] = norm.detach()

    def check(self) -> None:
        """Looks at losses and gradients since the last time; all processes do, together.

        Raises:
            DivergedError: If one is not finite, here or in another process.
        """
        seen, self._seen = self._seen, []
        norms, self._norms = self._norms, {}
        losses = _finite([one.scalars["loss"] for one in seen])
        bad = next((one for one, holds in zip(seen, losses, strict=True) if not holds), None)
        if anywhere(bad is not None):
            if bad is None:
                raise DivergedError("the loss of another process is no number; see its message")
            self._stop("loss", bad.scalars["loss"], bad)
        # The gradient is that of all processes: all of them stop here, or none.
        finite = zip(norms.items(), _finite(list(norms.values())), strict=True)
        for step, norm in (item for item, holds in finite if not holds):
            of_step = [one for one in seen if one.step == step]
            scalars = {**of_step[-1].scalars, "gradient": norm}
            self._stop("gradient's norm", norm, _Seen(step, scalars, [note for one in of_step for note in one.batches]))

    def _stop(self, what: str, value: Tensor, bad: _Seen) -> NoReturn:
        path = self._write(bad)
        ids = ", ".join(f"epoch {one['epoch']}, step {one['step']}" for one in bad.batches)
        where = f"at step {bad.step + 1}, of the batch of {ids or 'that step'}"
        kept = f"; its keys and plan are in {path}" if path else ""
        raise DivergedError(f"the {what} is {value.item()} {where}{kept}; lower lr, or look at the batch")

    def _write(self, bad: _Seen) -> Path | None:
        if self._folder is None:
            return None
        path = self._folder / f"diverged-{world()[0]}.json"
        scalars = {name: str(value.item()) for name, value in bad.scalars.items()}
        told = {"step": bad.step + 1, "scalars": scalars, "batches": [_plain(one) for one in bad.batches]}
        path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        return path


def _finite(values: list[Tensor]) -> list[bool]:
    return torch.stack(values).isfinite().tolist() if values else []


def _parts(batch: object) -> list[Batch]:
    if isinstance(batch, Batch):
        return [batch]
    return [part for part in vars(batch).values() if isinstance(part, Batch)] if hasattr(batch, "__dict__") else []


def _note(batch: Batch) -> dict[str, Any]:
    """What repeats a batch, without its images."""
    there = vars(batch)
    if "plan" not in there:  # other code put it together
        return {"epoch": None, "step": None}
    id = batch.id
    drawn = {"keys": batch.keys, "samples": batch.samples, "plan": batch.plan}
    return {"epoch": id.epoch, "step": id.step, "number": id.number, **drawn}


def _plain(value: Any) -> Any:
    """A value as JSON has it; numbers that are none become null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, np.ndarray | Tensor):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if value != value else value
