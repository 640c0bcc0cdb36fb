"""Checkpoints: tensors as safetensors, the rest as a small JSON, written so that no half of one is ever found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict, set_model_state_dict
from torch.distributed.tensor import DTensor, distribute_tensor

from impasto.errors import CheckpointError
from impasto.files import new_folder
from impasto.weights import check_tensors
from impasto_lab.training.distributed import wait, world

_Tensors = dict[str, Tensor]


class Checkpoints:
    """The checkpoints of a run: folders ``step-00000100`` with model, optimizer and state.

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

    def save(self, step: int, model: nn.Module, optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> Path:
        """Saves a checkpoint and removes those that are too old.

        Among several processes all call it: what is sharded is put together, and the first one writes. A checkpoint
        doesn't tell how many processes it comes from.

        Args:
            step: Steps done.
            model: Its parameters and buffers are saved.
            optimizer: Its moments are saved, by the parameters' names.
            state: What else is needed to go on: JSON values.

        Returns:
            The checkpoint's folder.
        """
        path = self.folder / f"step-{step:08d}"
        weights, moments = _weights(model), _moments(model, optimizer)
        if world()[0] == 0:
            self._write(path, weights, moments, {"step": step, **state})
        wait()
        return path

    def _write(self, path: Path, weights: _Tensors, moments: _Tensors, state: Mapping[str, Any]) -> None:
        with new_folder(path, durable=True) as folder:
            save_file(weights, folder / "model.safetensors")
            save_file(moments, folder / "optimizer.safetensors")
            (folder / "state.json").write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        for old in self.all()[: -self.keep]:
            shutil.rmtree(old)


def load(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> dict[str, Any]:
    """Loads a checkpoint in place.

    Args:
        path: Its folder.
        model: Of the same parameters and buffers.
        optimizer: Of the model; None leaves the moments.

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
    moments = _read(path / "optimizer.safetensors") if optimizer is not None else {}
    _set_weights(model, weights)
    if optimizer is not None:
        _set_moments(model, optimizer, moments)
    return state


def load_weights(path: Path, model: nn.Module) -> None:
    """Loads a checkpoint's model alone, in place.

    Raises:
        CheckpointError: If it is missing, damaged or of another model; nothing was loaded then.
    """
    weights = _read(path / "model.safetensors")
    check_tensors(weights, {name: tensor.shape for name, tensor in model.state_dict().items()}, path)
    _set_weights(model, weights)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"it can't be read: {error}; use an older checkpoint", path=str(path)) from error


def _weights(model: nn.Module) -> _Tensors:
    """Parameters and buffers, whole, on the CPU; among several processes the first one alone has them."""
    whole = StateDictOptions(full_state_dict=True, cpu_offload=True)
    return {
        name: cast(Tensor, tensor).contiguous() for name, tensor in get_model_state_dict(model, options=whole).items()
    }


def _set_weights(model: nn.Module, weights: _Tensors) -> None:
    set_model_state_dict(model, dict(weights), options=StateDictOptions(full_state_dict=True))


# Torch's helpers for moments refuse a parameter that had no gradient yet, or give it a first step of its own.
def _moments(model: nn.Module, optimizer: torch.optim.Optimizer) -> _Tensors:
    """The optimizer's tensors, whole, named after parameter and moment."""
    return {
        f"{name}/{moment}": (value.full_tensor() if isinstance(value, DTensor) else value).detach().cpu().contiguous()
        for name, parameter in model.named_parameters()
        for moment, value in optimizer.state.get(parameter, {}).items()
    }


def _set_moments(model: nn.Module, optimizer: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    parameters: dict[str, Tensor] = dict(model.named_parameters())
    for full_name, value in moments.items():
        name, _, moment = full_name.rpartition("/")
        parameter = parameters[name]
        # Adam's step counter stays where it is made: on the CPU, unless the optimizer is fused.
        device = parameter.device if value.ndim or parameter.is_cuda else value.device
        value = value.to(device)
        if isinstance(parameter, DTensor) and value.shape == parameter.shape:
            value = distribute_tensor(value, parameter.device_mesh, parameter.placements)
        optimizer.state[parameter][moment] = value
