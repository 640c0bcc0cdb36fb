"""What a stylizing run opens: its networks, its device, and the place of its picture."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import RecipeError, SourceError

if TYPE_CHECKING:
    import torch

    from impasto.cli.stylize.arguments import Stylize
    from impasto.style import StyleRandomizer


def open_randomizer(stylize: Stylize) -> StyleRandomizer:
    """The networks, on their device."""
    from impasto.style import StyleRandomizer

    return StyleRandomizer.load(stylize.model).to(pick_device(stylize.device))


def pick_device(name: str) -> torch.device:
    """The device of a name.

    Raises:
        RecipeError: If it is CUDA and there is none.
    """
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise RecipeError("--device cuda: torch finds no CUDA device; use --device cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def pick_seed(stylize: Stylize) -> int:
    """The seed of a picture: a new one by default."""
    return secrets.randbits(31) if stylize.seed is None else stylize.seed


def pick_target(stylize: Stylize) -> Path:
    """Where the picture goes, which is told to be wrong before anything is computed."""
    from impasto.jobs import check_target

    source = Path(stylize.data)
    target = source.with_name(f"{source.stem}-stylized.png") if stylize.out is None else Path(stylize.out)
    if target.is_dir():
        raise SourceError("it is a folder; name a file to write the picture to", path=str(target))
    for name in (stylize.data, stylize.style):
        if name is not None and target.exists() and Path(name).exists() and target.samefile(name):
            raise RecipeError("the picture would be written over the one that it is made of", path=str(target))
    check_target(target)
    return target
