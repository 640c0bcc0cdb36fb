"""Tensors on their way from a worker process: those in a ring's memory stay there, small ones go with the message."""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing.reduction import DupFd, ForkingPickler
from typing import Any

import torch
from torch.multiprocessing.reductions import reduce_tensor

from impasto.checks import require
from impasto.loading.running.ring import slot_at
from impasto.loading.running.slots import map_slot

#: Up to this many bytes a copy costs less than to send a file.
_SMALL = 1 << 20

_Rebuilt = tuple[Callable[..., torch.Tensor], tuple[Any, ...]]


class Traveling(torch.Tensor):
    """A tensor of a worker's batch; views of it are such tensors too, and what arrives is a plain one."""

    @staticmethod
    def of(tensor: torch.Tensor) -> torch.Tensor:
        """The same values, ready to travel; what is no view of memory, a sparse tensor, travels as torch has it."""
        if tensor.layout != torch.strided:
            return tensor
        # Memory doesn't say that what lies there is to be conjugated or negated.
        return tensor.resolve_conj().resolve_neg().as_subclass(Traveling)

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Whoever pickles it into a file has no use for our memory.
        return self.as_subclass(torch.Tensor).__reduce_ex__(protocol)  # type: ignore[no-untyped-call]


def require_sendable(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, if it can leave a worker process; torch would refuse it in a thread of its own, and nothing come.

    Raises:
        RecipeError: If it holds how it was computed, for gradients.
    """
    reason = "the form gives a tensor that holds how it was computed, which can't leave a worker process; detach() it"
    require(tensor.is_leaf or not tensor.requires_grad, reason)
    return tensor


def _reduce(tensor: Traveling) -> Any:
    plain = tensor.as_subclass(torch.Tensor)
    if plain.device.type != "cpu" or plain.layout != torch.strided or plain.requires_grad:
        return _by_torch(plain)
    return _in_place(plain) or _by_value(plain) or _by_torch(plain)


def _by_torch(tensor: torch.Tensor) -> _Rebuilt:
    return reduce_tensor(tensor)  # type: ignore[no-untyped-call, no-any-return]


def _in_place(tensor: torch.Tensor) -> _Rebuilt | None:
    slot = slot_at(tensor.untyped_storage().data_ptr())
    mark = None if slot is None else slot.send()
    if slot is None or mark is None:
        return None
    memory = (
        slot.token,
        slot.size,
        None if slot.kept else DupFd(slot.file),
        os.getpid() if slot.lasting else None,
    )
    return _mapped, (memory, mark, tensor.dtype, tensor.size(), tensor.stride(), tensor.storage_offset())


def _mapped(memory: tuple[Any, ...], mark: int, dtype: torch.dtype, *shape: Any) -> torch.Tensor:
    token, size, file, worker = memory
    handed_out = map_slot(token, size, file, worker).hand_out(mark)
    size, stride, offset = shape
    return torch.empty(0, dtype=dtype).set_(torch.from_numpy(handed_out).untyped_storage(), offset, size, stride)


def _by_value(tensor: torch.Tensor) -> _Rebuilt | None:
    if tensor.nbytes > _SMALL or not tensor.numel():
        return None
    data = tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes()
    return _copied, (bytearray(data), tensor.dtype, tensor.size())


def _copied(data: bytearray, dtype: torch.dtype, size: torch.Size) -> torch.Tensor:
    return torch.frombuffer(data, dtype=dtype).view(size)


ForkingPickler.register(Traveling, _reduce)
