"""Files of weights: safetensors, or what torch saves, of which nothing but tensors is taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from impasto.errors import CheckpointError
from impasto.weights import DAMAGED, check_tensors, require_checkpoint

#: Below which training code puts the weights beside its own state.
_WRAPPINGS = ("model", "state_dict", "module")
_FILES = ("model.safetensors", "pytorch_model.bin", "open_clip_model.safetensors", "open_clip_pytorch_model.bin")


def weights_file(path: str | Path) -> Path:
    """The file of weights: a path itself, or what a folder of Hugging Face's holds.

    Raises:
        CheckpointError: If there is none.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    found = next((path / name for name in _FILES if (path / name).exists()), None)
    if found is None:
        raise CheckpointError(f"the folder has none of {', '.join(_FILES)}; name the file itself", path=str(path))
    return found


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file, on the CPU, by the file's names; no code in it is run.

    Args:
        path: ``.safetensors``, or any other name for what torch saved; a folder of Hugging Face's.

    Raises:
        CheckpointError: If it is missing, damaged, or holds something else than tensors.
    """
    path = weights_file(path)
    require_checkpoint(path)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (*DAMAGED, SafetensorError) as error:
        raise CheckpointError(f"it can't be read as weights: {error}", path=str(path)) from error
    return _unwrapped(content, path)


def _unwrapped(content: Any, path: Path) -> dict[str, Tensor]:
    while isinstance(content, Mapping) and not _is_weights(content):
        inner = next((content[name] for name in _WRAPPINGS if isinstance(content.get(name), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping) or not _is_weights(content):
        raise CheckpointError("it holds no weights by name; it is of something else", path=str(path))
    named = dict(content)
    if all(name.startswith("module.") for name in named):  # as DDP has it
        named = {name.removeprefix("module."): tensor for name, tensor in named.items()}
    return named


def _is_weights(content: Mapping[Any, Any]) -> bool:
    return len(content) > 0 and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())


def read_config(path: str | Path, name: str = "config.json") -> dict[str, Any]:
    """The settings in a JSON file beside weights; empty where there is none.

    Raises:
        CheckpointError: If it is damaged.
    """
    place = Path(path)
    file = (place if place.is_dir() else place.parent) / name
    if not file.exists():
        return {}
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"it can't be read: {error}", path=str(file)) from error
    if not isinstance(config, dict):
        raise CheckpointError("it holds no settings by name", path=str(file))
    return config


def fill(model: nn.Module, tensors: Mapping[str, Tensor], path: str | Path) -> None:
    """Loads tensors into a model of the same names and shapes, in place.

    Raises:
        CheckpointError: If names or shapes differ, or a value is not finite; nothing was loaded then.
    """
    own = model.state_dict()
    check_tensors(tensors, {name: tensor.shape for name, tensor in own.items()}, path)
    model.load_state_dict({name: tensor.to(own[name].dtype) for name, tensor in tensors.items()})
