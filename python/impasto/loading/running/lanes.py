"""The order in which a device works beside its user: a stream of its own, or none where a device has no streams."""

from __future__ import annotations

from typing import Protocol

import torch

from impasto.checks import require
from impasto.errors import RecipeError

#: They do what they are asked at once, or in one order for everybody.
_WITHOUT_STREAMS = ("cpu", "meta", "mps")


class Mark(Protocol):
    """A place in the order of a device's work: a `torch.Event`."""

    def synchronize(self) -> None:
        """Waits until all before it is done."""
        ...


class Lane(Protocol):
    """Where work for a device is asked for ahead of its user."""

    #: Whether copies from page-locked memory go on while the host does something else.
    pins: bool

    def host_memory(self, size: int) -> torch.Tensor:
        """Page-locked memory, ``size`` bytes."""
        ...

    def enter(self) -> None:
        """Makes what the calling thread asks of the device part of the lane, from now on."""
        ...

    def copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor on the device; one in page-locked memory may still be read after the call."""
        ...

    def mark(self) -> Mark | None:
        """The place after all that was asked of the lane."""
        ...

    def follow_user(self) -> None:
        """Makes the lane wait for all that the calling thread, its user, has asked of the device."""
        ...

    def user_mark(self) -> Mark | None:
        """The place after all that the calling thread, the lane's user, has asked of the device."""
        ...

    def hand_over(self, tensors: list[torch.Tensor], mark: Mark | None) -> None:
        """Makes the calling thread's work wait for a mark, and its tensors' memory wait for that work."""
        ...


class NoLane:
    """A device that has nothing beside its user's order."""

    pins = False

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def host_memory(self, size: int) -> torch.Tensor:
        """Memory like any other."""
        return torch.empty(size, dtype=torch.uint8)

    def enter(self) -> None:
        """Nothing is to be done."""

    def copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor on the device."""
        return tensor.to(self._device)

    def mark(self) -> Mark | None:
        """No place: all is done."""
        return None

    def follow_user(self) -> None:
        """Nothing is to be waited for."""

    def user_mark(self) -> Mark | None:
        """No place: all is done."""
        return None

    def hand_over(self, tensors: list[torch.Tensor], mark: Mark | None) -> None:
        """Nothing is to be waited for."""


class SideStream:
    """A stream beside the one that its user has.

    Memory of a tensor belongs to the stream that made it. A batch is made on this one and used on the user's, so that
    three waits are needed: the user's stream waits for the batch (its mark); the allocator gives the batch's memory to
    nobody before the user's stream is through with it (`torch.Tensor.record_stream`); and the host writes nothing into
    page-locked memory before its copy is done (the mark after the copy, which the thread that copies waits for).

    Args:
        device: With its index.
    """

    pins = True

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.Stream(device=device)

    def __reduce__(self) -> tuple[type[SideStream], tuple[torch.device]]:
        return type(self), (self._device,)

    def host_memory(self, size: int) -> torch.Tensor:
        """Page-locked memory, ``size`` bytes."""
        return torch.empty(size, dtype=torch.uint8, pin_memory=True)

    def enter(self) -> None:
        """Makes this stream the thread's current one: a thread has its own."""
        torch.accelerator.set_stream(self._stream)

    def copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor on the device, once the stream gets there."""
        return tensor.to(self._device, non_blocking=True)

    def mark(self) -> torch.Event:
        """An event after all that was asked of the stream."""
        return self._after(self._stream)

    def follow_user(self) -> None:
        """Makes the stream wait for the user's, which may have made what works here (a network's weights)."""
        self._stream.wait_event(self.user_mark())

    def user_mark(self) -> torch.Event:
        """An event after all that was asked of the user's stream."""
        return self._after(torch.accelerator.current_stream(self._device))

    def _after(self, stream: torch.Stream) -> torch.Event:
        # Who waits for it sleeps: by default a core would spin through a training step.
        event = torch.Event(device=self._device, blocking=True)
        event.record(stream)
        return event

    def hand_over(self, tensors: list[torch.Tensor], mark: Mark | None) -> None:
        """Makes the user's stream wait, not the host."""
        user = torch.accelerator.current_stream(self._device)
        if isinstance(mark, torch.Event):
            user.wait_event(mark)
        for tensor in tensors:
            if tensor.device == self._device:
                tensor.record_stream(user)


def lane_to(device: torch.device | str | int) -> Lane:
    """The lane beside the calling thread's work on a device.

    Raises:
        RecipeError: If torch sees no such device.
    """
    try:
        where = torch.device(device)
    except (RuntimeError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise RecipeError(f"device={device!r} is none of torch's: {reason}") from error
    if where.type in _WITHOUT_STREAMS:
        return NoLane(where)
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    there = accelerator is not None and accelerator.type == where.type
    seen = f"its accelerator is {accelerator.type!r}" if accelerator is not None else "it sees no accelerator"
    require(there, f"device={str(where)!r} is not there for torch: {seen}; use that one, or 'cpu'")
    index = torch.accelerator.current_device_index() if where.index is None else where.index
    count = torch.accelerator.device_count()
    require(index < count, f"device={str(where)!r} is not there: torch sees {count} of that type, from 0 on")
    return SideStream(torch.device(where.type, index))
