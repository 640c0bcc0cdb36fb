"""Blocks that are computed again: the same loss and gradients, and less that is remembered."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from impasto_lab.models import Clip, ClipSettings, Vilt, ViltSettings, recompute_blocks


def _passed(model: nn.Module) -> tuple[Tensor, list[Tensor], int]:
    """The output's sum, the gradients, and the bytes that were kept for the way back."""
    draw = torch.Generator().manual_seed(0)
    images, ids = torch.randn(4, 3, 32, 32, generator=draw), torch.randint(1, 40, (4, 6), generator=draw)
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    torch.manual_seed(3)  # of dropout
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        if isinstance(model, Clip):
            out = torch.cat([part.flatten() for part in model(images, ids, torch.ones_like(ids))]).sin().sum()
        else:
            out = model.match(images, ids, torch.ones_like(ids)).sin().sum()
    out.backward()
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    return out.detach(), gradients, sum(kept.values())


@pytest.mark.parametrize("kind", [Clip, Vilt])
def test_blocks_are_computed_again(kind: type) -> None:
    settings = {Clip: ClipSettings, Vilt: ViltSettings}[kind]
    changes = {"dropout": 0.2} if kind is Vilt else {}
    torch.manual_seed(0)
    model = kind(settings.preset("tiny", vocabulary=40, **changes))
    out, gradients, kept = _passed(model)
    model.zero_grad(set_to_none=True)
    recompute_blocks(model)
    again, others, fewer = _passed(model)
    assert torch.equal(out, again)
    assert all(torch.equal(one, other) for one, other in zip(gradients, others, strict=True))
    assert fewer < 0.6 * kept
