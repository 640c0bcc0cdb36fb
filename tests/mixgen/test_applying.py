"""What mixing does to tensors, by itself: the same as the module, and whole for torch.compile and torch.export."""

from __future__ import annotations

import pytest
import torch

from impasto import BatchId, BatchMixGen, Beta, CutMix, MixGen, RecipeError, mixgen
from impasto.mixgen import apply_ids, apply_images, draw_tensors

ROWS, LENGTH = 8, 12
MIXES = [
    MixGen(),
    MixGen.variant("d", ratio=0.5),
    MixGen(ratio=1.0, pairing="shuffle", lam=Beta(1, 1), lam_per="sample", budget="balance"),
    CutMix(),
]


@pytest.fixture
def batch():
    draw = torch.Generator().manual_seed(0)
    lengths = torch.randint(4, LENGTH + 1, (ROWS,), generator=draw)
    mask = (torch.arange(LENGTH) < lengths[:, None]).long()
    ids = torch.randint(3, 99, (ROWS, LENGTH), generator=draw) * mask
    ids[:, 0] = 1
    ids[torch.arange(ROWS), lengths - 1] = 2
    return {"images": torch.rand(ROWS, 3, 10, 14, generator=draw), "input_ids": ids, "attention_mask": mask}


def drawn_for(mix, batch, plan):
    balance = mix.budget == "balance"
    return draw_tensors(plan, size=batch["images"].shape[-2:], attention_mask=batch["attention_mask"], balance=balance)


@pytest.mark.parametrize("mix", MIXES, ids=["blend", "kept", "shuffle", "cut"])
def test_the_module_and_the_functions_agree(batch, mix):
    out = BatchMixGen(mix, seed=3)(batch)
    drawn = drawn_for(mix, batch, mixgen.plan_at(mix, batch_size=ROWS, seed=3, number=0))
    assert torch.allclose(apply_images(batch["images"], drawn), out["images"], atol=1e-6)
    assert torch.equal(apply_ids(batch["input_ids"], drawn), out["input_ids"])
    assert torch.equal((drawn.sources >= 0).long(), out["attention_mask"])
    assert torch.equal(drawn.lost, out["lost"])


@pytest.mark.parametrize("mix", MIXES, ids=["blend", "kept", "shuffle", "cut"])
@pytest.mark.parametrize("how", ["compile", "export"])
def test_they_compile_whole(batch, mix, how):
    class Step(torch.nn.Module):
        def forward(self, images, ids, drawn: mixgen.MixTensors):
            return apply_images(images, drawn), apply_ids(ids, drawn, padding=7)

    step = Step()
    inputs = batch["images"], batch["input_ids"]
    first = drawn_for(mix, batch, mixgen.plan_at(mix, batch_size=ROWS, seed=1))
    if how == "compile":
        whole = torch.compile(step, backend="aot_eager", fullgraph=True)
    else:
        whole = torch.export.export(step, (*inputs, first)).module()
    for seed in (1, 2):
        drawn = drawn_for(mix, batch, mixgen.plan_at(mix, batch_size=ROWS, seed=seed))
        for own, wanted in zip(whole(*inputs, drawn), step(*inputs, drawn), strict=True):
            assert torch.allclose(own, wanted)


def test_the_module_is_left_as_it_is_in_a_compiled_step(batch):
    """One break, at the module, however often it is called."""
    module, breaks = BatchMixGen(MixGen(lam=Beta(1, 1)), seed=5), torch._dynamo.utils.counters["graph_break"]
    breaks.clear()
    step = torch.compile(lambda batch: module(batch)["images"] * 2, backend="eager")
    found = [step(batch) for _ in range(10)]
    assert sum(breaks.values()) <= 2
    again = BatchMixGen(MixGen(lam=Beta(1, 1)), seed=5)
    assert all(torch.equal(one, again(batch)["images"] * 2) for one in found)


def test_an_id_decides_alone(batch):
    one, other = (BatchMixGen(MixGen(lam=Beta(1, 1)), seed=3) for _ in range(2))
    other(batch)
    at = BatchId(epoch=2, step=5, number=25)
    plan = mixgen.plan_at(one.mix, seed=3, epoch=2, step=5, number=25, batch_size=ROWS)
    for module in (one, other):
        assert (module(batch, id=at)["mix_plan"].lams == plan.lams).all()
    assert (one(batch)["mix_plan"].lams == mixgen.plan_at(one.mix, seed=3, batch_size=ROWS).lams).all()
    with pytest.raises(RecipeError, match="plan and id each say"):
        one(batch, plan=plan, id=at)
    with pytest.raises(RecipeError, match=r"such as batch\.id"):
        one(batch, id=3)


def test_what_is_missing(batch):
    plan = mixgen.plan_at(CutMix(), batch_size=ROWS)
    with pytest.raises(RecipeError, match="pass size="):
        draw_tensors(plan)
    with pytest.raises(RecipeError, match="pass attention_mask="):
        apply_ids(batch["input_ids"], draw_tensors(plan, size=(10, 14)))
    with pytest.raises(RecipeError, match=r"attention_mask must be \[B, L\] with B=8"):
        draw_tensors(plan, size=(10, 14), attention_mask=batch["attention_mask"][:3])
