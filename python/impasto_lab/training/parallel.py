"""A task's step in one process or in several, by torch's own means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.nn.parallel import DistributedDataParallel

from impasto_lab.training.distributed import average, world
from impasto_lab.training.task import BatchT, Task


class Stepper(nn.Module, Generic[BatchT]):
    """A task's step as the forward of a module, which is where DDP and ``fully_shard`` come in.

    Args:
        task: Its model is the module's only child.
    """

    def __init__(self, task: Task[BatchT]) -> None:
        super().__init__()
        self.model = task.model
        self._step = task.step

    def forward(self, batch: BatchT) -> dict[str, Tensor]:
        """The task's scalars; only the loss leads back to the weights."""
        # DDP waits for the gradient of every parameter that an output leads back to.
        return {name: value if name == "loss" else value.detach() for name, value in self._step(batch).items()}


class Parallel(Generic[BatchT]):
    """Runs a task's steps and evaluations as one of all processes; the first one's weights become everybody's.

    Args:
        task: Its model's parameters are replaced where they are sharded: make optimizers afterwards.
        shard: Each process keeps a part of the weights; alone, there is nothing to divide.
        unused: Some parameters may have no gradient.
    """

    def __init__(self, task: Task[BatchT], *, shard: bool, unused: bool = True) -> None:
        self.task = task
        self.rank, self.size = world()
        self.sharded: FSDPModule | None = None
        self._module: nn.Module = Stepper(task)
        if self.size > 1 and shard:
            self.sharded = _sharded(self._module)
        elif self.size > 1:
            self._module = DistributedDataParallel(self._module, find_unused_parameters=unused)

    def step(self, batch: BatchT) -> Mapping[str, Tensor]:
        """The task's scalars of this process's batch, on the way to a backward pass."""
        scalars: Mapping[str, Tensor] = self._module(batch)
        return scalars

    @contextmanager
    def gathering(self, last: bool) -> Iterator[None]:
        """Gradients of passes inside are averaged over the processes after the last pass of a step alone."""
        if self.sharded is not None:
            self.sharded.set_requires_gradient_sync(last)
        if isinstance(self._module, DistributedDataParallel) and not last:
            with self._module.no_sync():
                yield
        else:
            yield

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """The task's scores, in the first process; none in others. The model is in evaluation mode meanwhile."""
        scores: dict[str, float] = {}
        self.task.model.eval()
        if self.sharded is not None:
            self.sharded.unshard()
        if self.sharded is not None or self.rank == 0:  # sharded blocks are put together by all processes
            scores = self.task.evaluate()
        if self.sharded is not None:
            self.sharded.reshard()
        self.task.model.train()
        return scores if self.rank == 0 else {}


def _sharded(module: nn.Module) -> FSDPModule:
    """The module with sharded weights: each block of a list is gathered when it runs, the rest when the step does."""
    for tensor in module.state_dict().values():
        distributed.broadcast(tensor, src=0)
    # Torch shards no scalars; they stay whole, and their gradients are averaged here.
    scalars = {parameter for parameter in module.parameters() if parameter.ndim == 0}
    for scalar in scalars:
        if scalar.requires_grad:
            scalar.register_post_accumulate_grad_hook(_average_gradient)  # type: ignore[no-untyped-call,unused-ignore]
    how: dict[str, Any] = {"mesh": init_device_mesh(next(module.parameters()).device.type, (world()[1],))}
    if scalars:
        how["ignored_params"] = scalars
    lists = [part for part in module.modules() if isinstance(part, nn.ModuleList)]
    for block in [block for blocks in reversed(lists) for block in blocks]:  # the innermost first
        if not isinstance(block, nn.ModuleList | nn.ModuleDict):
            fully_shard(block, **how)
    return fully_shard(module, **how)


def _average_gradient(parameter: Tensor) -> None:
    # After each backward pass: the mean of what came before stays what it is.
    assert parameter.grad is not None
    average(parameter.grad)
