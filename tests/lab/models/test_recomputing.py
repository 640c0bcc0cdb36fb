"""Blocks that are computed again, or compiled: the same loss and gradients, less memory, one code for all."""

from __future__ import annotations

import pytest
import torch
import torch._dynamo
from torch import Tensor, nn

from impasto_lab.models import Clip, ClipSettings, Vilt, ViltSettings, compile_blocks, recompute_blocks


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


# Torch's own, as it looks at what comes from one block and goes into the next.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_blocks_that_are_alike_are_compiled_once() -> None:
    torch.manual_seed(0)
    model = Clip(ClipSettings.preset("tiny", vocabulary=40, image_layers=12, text_layers=12))
    names = list(model.state_dict())
    out, gradients, _ = _passed(model)
    model.zero_grad(set_to_none=True)
    compile_blocks(model, backend="eager")
    graphs = torch._dynamo.utils.counters["stats"]
    graphs.clear()
    with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
        again, others, _ = _passed(model)
    assert graphs["unique_graphs"] == 2, "one of the images' blocks, one of the captions'"
    torch.testing.assert_close(again, out)
    for one, other in zip(gradients, others, strict=True):
        torch.testing.assert_close(one, other)
    assert list(model.state_dict()) == names
