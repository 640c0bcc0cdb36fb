"""A network as CUDA graphs: one launch instead of hundreds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

#: Shapes whose graphs are kept; each holds the memory that its run takes.
_KEPT = 4
_WARM_UPS = 3


class Graphed(nn.Module):
    """Records a network once for each shape of its inputs, and replays it.

    It is meant for kernels shorter than their launches, as of small images. Inputs on other devices go to the
    network itself.

    Args:
        network: Takes tensors and returns one; without gradients, random numbers or decisions by value.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self._graphs: OrderedDict[Any, _Recorded] = OrderedDict()

    def forward(self, *inputs: Tensor) -> Tensor:
        """What the network returns, as a tensor of its own."""
        if not all(value.is_cuda for value in inputs):
            return self.network(*inputs)  # type: ignore[no-any-return]
        key = tuple((tuple(value.shape), value.dtype, value.device) for value in inputs)
        if key not in self._graphs:
            while len(self._graphs) >= _KEPT:
                self._graphs.popitem(last=False)
            with torch.no_grad(), torch.cuda.device(inputs[0].device):
                self._graphs[key] = _Recorded(self.network, inputs)
        self._graphs.move_to_end(key)
        with torch.no_grad():
            return self._graphs[key](inputs)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Graphed:
        # Weights that move leave the graphs with the old ones.
        self._graphs.clear()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_graphs": OrderedDict()}


class _Recorded:
    """A graph with the tensors that it reads and writes."""

    def __init__(self, network: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self.taken = [value.detach().clone() for value in inputs]
        # Convolutions choose their algorithms, and allocators settle, before recording, beside the current stream.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UPS):
                network(*self.taken)
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.given: Tensor = network(*self.taken)

    def __call__(self, inputs: tuple[Tensor, ...]) -> Tensor:
        for own, value in zip(self.taken, inputs, strict=True):
            own.copy_(value)
        self.graph.replay()
        return self.given.clone()
