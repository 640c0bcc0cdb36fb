"""The tensors of a batch, whatever form it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, MutableMapping
from copy import copy
from typing import Any, TypeVar

import torch

T = TypeVar("T")


def map_tensors(batch: T, change: Callable[[torch.Tensor], torch.Tensor]) -> T:
    """The same batch with other tensors.

    Args:
        batch: Tensors in dataclasses, mappings, lists and tuples, such as a `Batch`, a `PairedBatch` or a dictionary;
            whatever else is in them stays what it is.
        change: Gives the tensor in a tensor's place.
    """
    return _map(batch, change)  # type: ignore[no-any-return]


def _map(value: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return change(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        changed = {name: new for name, old in fields.items() if (new := _map(old, change)) is not old}
        return dataclasses.replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        items = {key: _map(item, change) for key, item in value.items()}
        if all(items[key] is item for key, item in value.items()):
            return value
        if type(value) is dict:
            return items
        if isinstance(value, MutableMapping):
            # Its class may be made from something else (a defaultdict), and have more than items.
            changed_mapping = copy(value)
            changed_mapping.update(items)
            return changed_mapping
        return type(value)(items)  # type: ignore[call-arg]
    if isinstance(value, list | tuple):
        parts = [_map(part, change) for part in value]
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value
