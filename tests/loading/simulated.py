"""A device whose streams do nothing before somebody waits for them: what is not waited for shows as wrong numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch

from impasto.loading.running.lanes import SideStream

_lock = threading.RLock()
_current = threading.local()


class Stream:
    """What was asked, in order, and how much of it is done."""

    def __init__(self, device: object = None) -> None:
        self.asked: list[Callable[[], None]] = []
        self.done = 0

    def ask(self, work: Callable[[], None]) -> None:
        with _lock:
            self.asked.append(work)

    def run(self, until: int | None = None) -> None:
        with _lock:
            while self.done < (len(self.asked) if until is None else until):
                self.done += 1
                self.asked[self.done - 1]()

    def wait_event(self, event: Event) -> None:
        self.ask(event.synchronize)


class Event:
    def __init__(self, device: object = None, *, blocking: bool = False) -> None:
        self.stream: Stream | None = None
        self.at = 0

    def record(self, stream: Stream) -> None:
        self.stream, self.at = stream, len(stream.asked)

    def synchronize(self) -> None:
        assert self.stream is not None
        self.stream.run(self.at)


class Device:
    """Stands for torch's accelerator.

    Attributes:
        user: The stream that threads have who choose none.
        recorded: Addresses of tensors whose memory waits for the user's stream.
        started: For every copied batch of images, how much of the user's stream was done when it was asked for.
        copied: For every tensor, likewise, when it was copied.
    """

    def __init__(self, monkeypatch) -> None:
        self.user = Stream()
        self.recorded: set[int] = set()
        self.started: list[int] = []
        self.copied: list[int] = []
        monkeypatch.setattr(torch, "Stream", Stream)
        monkeypatch.setattr(torch, "Event", Event)
        monkeypatch.setattr(torch.accelerator, "set_stream", lambda stream: setattr(_current, "stream", stream))
        monkeypatch.setattr(torch.accelerator, "current_stream", lambda _: getattr(_current, "stream", self.user))
        monkeypatch.setattr(torch.Tensor, "record_stream", lambda tensor, stream: self._record(tensor, stream))

    def _record(self, tensor: torch.Tensor, stream: Stream) -> None:
        assert stream is self.user
        self.recorded.add(tensor.data_ptr())

    def lane(self) -> SideStream:
        return _Lane(self)


class _Lane(SideStream):
    def __init__(self, device: Device) -> None:
        super().__init__(torch.device("cpu"))
        self._simulated = device

    def host_memory(self, size: int) -> torch.Tensor:
        return torch.full((size,), 7, dtype=torch.uint8)

    def copy(self, tensor: torch.Tensor) -> torch.Tensor:
        copied = torch.zeros_like(tensor)
        device = self._simulated

        def work() -> None:
            copied.copy_(tensor)
            device.copied.append(device.user.done)

        if tensor.ndim == 4:
            device.started.append(device.user.done)
        self._stream.ask(work)
        return copied
