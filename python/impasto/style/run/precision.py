"""What float32 means on a GPU: torch computes convolutions in TF32 unless it is told otherwise."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import torch

from impasto.checks import choice

#: What float32 may mean on a GPU.
Float32 = Literal["ieee", "tf32"]


@contextmanager
def float32_as(precision: Float32) -> Iterator[None]:
    """States what convolutions and matrix products of float32 are computed in on a GPU, and restores what was.

    TF32 keeps 10 bits of a factor's 23, which style networks make a difference of 0.02 of: compare forms, devices and
    dtypes within ``float32_as("ieee")``. It is a setting of the process, for all threads; a CPU ignores it.

    Args:
        precision: ``"ieee"`` or ``"tf32"``.

    Raises:
        RecipeError: If it is neither.

    >>> with float32_as("ieee"):
    ...     exact = torch.ones(2, 2) @ torch.ones(2, 2)
    """
    choice("precision", precision, ("ieee", "tf32"))
    with ExitStack() as stack:
        for owner, name, value in _settings(precision):
            stack.callback(_set, owner, name, getattr(owner, name))
            _set(owner, name, value)
        yield


def _settings(precision: Float32) -> list[tuple[Any, str, Any]]:
    cudnn: Any = torch.backends.cudnn
    matmul: Any = torch.backends.cuda.matmul
    old = [(owner, "allow_tf32", precision == "tf32") for owner in (cudnn, matmul)]
    try:
        for owner, name, _ in old:
            getattr(owner, name)
    except RuntimeError:
        # Since torch 2.9 there are names for each operation, and where somebody has set those the old ones raise. The
        # old come first all the same: set by the new ones, they raise for others, torch's own compiler among them.
        return [(owner, "fp32_precision", precision) for owner in (cudnn.conv, cudnn.rnn, matmul)]
    return old


def _set(owner: Any, name: str, value: object) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Please use the new API settings to control TF32", UserWarning)
        setattr(owner, name, value)
