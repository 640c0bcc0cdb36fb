"""Two processes with half a batch each have the loss, the gradients and the queue of one with all of it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing

from impasto.mixgen import clip_loss
from impasto_lab.models import Clip, ClipSettings
from impasto_lab.models.gathering import gathered_with_gradients, processes
from impasto_lab.models.queue import FeatureQueue

pytestmark = pytest.mark.timeout(300)  # two more processes import torch, wherever else the machine is busy


def _step(part: slice) -> tuple[Tensor, dict[str, Tensor], FeatureQueue]:
    """The loss of this process's part, the gradients' mean over the processes, and what the queue has then."""
    draw = torch.Generator().manual_seed(0)
    images, ids = torch.randn(8, 3, 32, 32, generator=draw), torch.randint(1, 40, (8, 6), generator=draw)
    torch.manual_seed(1)
    model, queue = Clip(ClipSettings.preset("tiny", vocabulary=40)), FeatureQueue(64, 16)
    image, text, scale = model(images[part], ids[part], torch.ones_like(ids[part]))
    queue.add(image, text)
    loss = clip_loss(gathered_with_gradients(image), gathered_with_gradients(text), scale)
    loss.backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    if processes() > 1:
        for gradient in gradients.values():
            distributed.all_reduce(gradient)
            gradient /= processes()
    return loss.detach(), gradients, queue


def _process(rank: int, port: int, folder: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    loss, gradients, queue = _step(slice(4 * rank, 4 * rank + 4))
    torch.save({"loss": loss, "gradients": gradients, "queue": queue.state_dict()}, folder / f"{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_have_the_loss_of_one(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(_process, (port, tmp_path), nprocs=2)
    loss, gradients, queue = _step(slice(None))
    for rank in (0, 1):
        found = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert torch.allclose(found["loss"], loss, rtol=1e-5)
        for name, gradient in gradients.items():
            assert torch.allclose(found["gradients"][name], gradient, rtol=1e-4, atol=1e-6), name
        assert found["queue"]["place"] == queue.place == 8
        assert all(torch.allclose(found["queue"][name], own, atol=1e-6) for name, own in queue.state_dict().items())
