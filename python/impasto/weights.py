"""Checkpoints, read strictly: names and shapes are judged before anything is built or loaded."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from impasto.errors import CheckpointError, SourceError
from impasto.files import require_regular

#: What torch raises for files that are damaged or cut short, or hold something else.
DAMAGED = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    pickle.UnpicklingError,
)


def check_tensors(tensors: Mapping[str, Tensor], shapes: Mapping[str, Sequence[int]], path: str | Path) -> None:
    """Checks a checkpoint's names and shapes before anything is built from it.

    Raises:
        CheckpointError: If one is missing, unknown, of another shape, or holds a value that isn't finite.
    """
    missing, unknown = sorted(shapes.keys() - tensors.keys()), sorted(tensors.keys() - shapes.keys())
    for what, names in (("lacks", missing), ("has unknown", unknown)):
        if names:
            shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            raise CheckpointError(f"it {what} {shown}; it is of another model, or damaged", path=str(path))
    for name, tensor in tensors.items():
        if tuple(tensor.shape) != tuple(shapes[name]):
            shape, expected = list(tensor.shape), list(shapes[name])
            raise CheckpointError(f"{name} is {shape} where {expected} is expected", path=str(path))
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise CheckpointError(f"{name} has values that are not finite; it is damaged", path=str(path))


def require_checkpoint(path: str | Path) -> None:
    """Requires a regular file, before a library opens it that would wait for a pipe.

    Raises:
        CheckpointError: If it is missing, no regular file, or can't be opened.
    """
    try:
        require_regular(path)
    except SourceError as error:
        raise CheckpointError(error.reason, path=error.path) from error
