"""Where a model is trained, and what is drawn there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from impasto.errors import RecipeError


def pick_device(name: str = "auto") -> torch.device:
    """The device of a name; ``"auto"`` is CUDA where there is one, else the CPU.

    Raises:
        RecipeError: If it is CUDA and there is none.
    """
    cuda = torch.cuda.is_available()
    if name.startswith("cuda") and not cuda:
        raise RecipeError(f"device={name!r}: torch sees no CUDA device; use 'cpu', or a build of torch with CUDA")
    return torch.device("cuda" if cuda else "cpu") if name == "auto" else torch.device(name)


@contextmanager
def seeded(seed: int, number: int, device: torch.device) -> Iterator[None]:
    """What is drawn inside depends on seed and number alone; the generators outside are left as they were."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed((seed * 1_000_003 + number) % 2**63)
        yield
