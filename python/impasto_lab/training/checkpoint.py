"""Checkpoints: tensors as safetensors, the rest as a small JSON, written so that no half of one is ever found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from impasto.errors import CheckpointError
from impasto.files import new_folder
from impasto.weights import check_tensors


class Checkpoints:
    """The checkpoints of a run: folders ``step-00000100`` with model, optimiser and state.

    Args:
        folder: Where they lie; made when the first is saved.
        keep: How many of the newest are kept.
    """

    def __init__(self, folder: Path, *, keep: int = 2) -> None:
        self.folder = folder
        self.keep = keep

    def all(self) -> list[Path]:
        """What there is, the oldest first."""
        return sorted(self.folder.glob("step-" + "[0-9]" * 8))

    def latest(self) -> Path | None:
        """The newest, if any."""
        return next(reversed(self.all()), None)

    def save(self, step: int, model: nn.Module, optimiser: torch.optim.Optimizer, state: Mapping[str, Any]) -> Path:
        """Saves a checkpoint and removes those that are too old.

        Args:
            step: Steps done.
            model: Its parameters and buffers are saved.
            optimiser: Its moments are saved, by the parameters' names.
            state: What else is needed to go on: JSON values.

        Returns:
            The checkpoint's folder.
        """
        path = self.folder / f"step-{step:08d}"
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
        about = json.dumps({"step": step, **state}, indent=2) + "\n"
        with new_folder(path, durable=True) as folder:
            save_file(weights, folder / "model.safetensors")
            save_file(_moments(model, optimiser), folder / "optimiser.safetensors")
            (folder / "state.json").write_text(about, encoding="utf-8")
        for old in self.all()[: -self.keep]:
            shutil.rmtree(old)
        return path


def load(path: Path, model: nn.Module, optimiser: torch.optim.Optimizer | None = None) -> dict[str, Any]:
    """Loads a checkpoint in place.

    Args:
        path: Its folder.
        model: Of the same parameters and buffers.
        optimiser: Of the model; None leaves the moments.

    Returns:
        The state that was saved, with its ``step``.

    Raises:
        CheckpointError: If it is missing, damaged or of another model; nothing was loaded then.
    """
    weights = _read(path / "model.safetensors")
    check_tensors(weights, {name: tensor.shape for name, tensor in model.state_dict().items()}, path)
    try:
        state: dict[str, Any] = json.loads((path / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"state.json can't be read: {error}; use an older checkpoint", path=str(path)) from error
    moments = _read(path / "optimiser.safetensors") if optimiser is not None else {}
    model.load_state_dict(weights)
    if optimiser is not None:
        _set_moments(model, optimiser, moments)
    return state


def load_weights(path: Path, model: nn.Module) -> None:
    """Loads a checkpoint's model alone, in place.

    Raises:
        CheckpointError: If it is missing, damaged or of another model; nothing was loaded then.
    """
    weights = _read(path / "model.safetensors")
    check_tensors(weights, {name: tensor.shape for name, tensor in model.state_dict().items()}, path)
    model.load_state_dict(weights)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"it can't be read: {error}; use an older checkpoint", path=str(path)) from error


def _moments(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's tensors, named after parameter and moment."""
    return {
        f"{name}/{moment}": value.detach().cpu().contiguous()
        for name, parameter in model.named_parameters()
        for moment, value in optimiser.state.get(parameter, {}).items()
    }


def _set_moments(model: nn.Module, optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    parameters = dict(model.named_parameters())
    for full_name, value in moments.items():
        name, _, moment = full_name.rpartition("/")
        parameter = parameters[name]
        # Adam's step counter stays where it is made: on the CPU, unless the optimiser is fused.
        device = parameter.device if value.ndim or parameter.is_cuda else value.device
        optimiser.state[parameter][moment] = value.to(device)
