"""From a file's names to a model's, strictly: what no rule knows is refused where it is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import CheckpointError

#: A pattern of a file's whole name, and what it becomes; None leaves it out.
Rule = tuple[str, str | None]


def renamed(tensors: Mapping[str, Tensor], rules: Iterable[Rule]) -> dict[str, Tensor]:
    """Tensors by other names; each takes the first rule that fits, and its own name where none does.

    Args:
        tensors: By the file's names.
        rules: Patterns of whole names and replacements, as `re.sub` has them.
    """
    compiled = [(re.compile(pattern), replacement) for pattern, replacement in rules]
    result = {}
    for name, tensor in tensors.items():
        new: str | None = name
        for pattern, replacement in compiled:
            if match := pattern.fullmatch(name):
                new = None if replacement is None else match.expand(replacement)
                break
        if new is not None:
            result[new] = tensor
    return result


def joined(tensors: Mapping[str, Tensor], parts: tuple[str, str, str], whole: str) -> dict[str, Tensor]:
    """Puts queries, keys and values, which lie apart, into one projection.

    Args:
        tensors: By names.
        parts: How names of the three begin to end, such as ``"attn.q."`` before ``"weight"``.
        whole: What stands in their place.
    """
    result = dict(tensors)
    for name in [name for name in tensors if parts[0] in name]:
        three = [name.replace(parts[0], part) for part in parts]
        if all(one in result for one in three):
            result[name.replace(parts[0], whole)] = torch.cat([result.pop(one) for one in three])
    return result


def parted(tensors: Mapping[str, Tensor], whole: str, parts: tuple[str, str, str]) -> dict[str, Tensor]:
    """What `joined` has put together, apart again."""
    result: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if whole in name:
            thirds = tensor.chunk(3)
            result |= {name.replace(whole, part): third.clone() for part, third in zip(parts, thirds, strict=True)}
        else:
            result[name] = tensor
    return result


def require_tied(tensors: Mapping[str, Tensor], one: str, other: str, path: str | Path) -> None:
    """Requires that two names hold the same values, where a file has both.

    Raises:
        CheckpointError: If they don't.
    """
    if one in tensors and other in tensors and not torch.equal(tensors[one], tensors[other]):
        reason = f"{one} and {other} differ, where the model has one tensor for both; it is of another model"
        raise CheckpointError(reason, path=str(path))
