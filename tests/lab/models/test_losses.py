"""Losses against naive twins, written term by term, and what their limits have to be."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from impasto.errors import RecipeError
from impasto_lab.models.losses import (
    global_local,
    hard_negatives,
    masked_word_loss,
    taught_targets,
    transport_plan,
    word_patch_alignment,
)


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_targets_are_a_teachers_and_the_pair_itself() -> None:
    table = _random(3, 5)
    targets = taught_targets(table, 0.4)
    for row in range(3):
        total = sum(math.exp(value) for value in table[row])
        for column in range(5):
            expected = 0.4 * math.exp(table[row, column]) / total + 0.6 * (row == column)
            assert targets[row, column].item() == pytest.approx(expected)


def test_a_whole_is_told_from_the_parts_of_others() -> None:
    wholes = functional.normalize(_random(4, 6), dim=-1)
    parts = functional.normalize(_random(4, 3, 6, seed=1), dim=-1)
    real = torch.tensor([[1, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0]]).bool()
    total = 0.0
    for i in range(4):
        others = sum(
            math.exp(wholes[i] @ parts[j, q] / 0.3) for j in range(4) if j != i for q in range(3) if real[j, q]
        )
        own = [math.exp(wholes[i] @ parts[i, p] / 0.3) for p in range(3) if real[i, p]]
        total += sum(-math.log(pair / (pair + others)) for pair in own) / max(len(own), 1) / 4
    assert global_local(wholes, parts, 0.3, real).item() == pytest.approx(total)


def test_masked_words_are_taught() -> None:
    logits, taught, labels = _random(3, 5), _random(3, 5, seed=1), torch.tensor([4, 0, 2])
    told, believed = logits.log_softmax(1), taught.softmax(1)
    plain = -sum(told[row, label] for row, label in enumerate(labels)) / 3
    soft = -(told * believed).sum() / 3
    assert torch.isclose(masked_word_loss(logits, labels, taught, 0.3), 0.7 * plain + 0.3 * soft)
    assert torch.isclose(masked_word_loss(logits, labels), plain)
    nothing = masked_word_loss(logits[:0].requires_grad_(), labels[:0], taught[:0], 0.3)
    assert nothing.item() == 0


def test_negatives_are_drawn_as_likely_as_they_are_similar() -> None:
    """Every place of an even grid once: shares are the probabilities, to a grid's step."""
    table, count = _random(5, 5), 10_000
    weights = table.exp().fill_diagonal_(0)
    expected = weights / weights.sum(dim=1, keepdim=True)
    found = torch.zeros(5, 5)
    for place in (torch.arange(count) + 0.5) / count:
        found[torch.arange(5), hard_negatives(table, place.expand(5))] += 1 / count
    assert torch.allclose(found, expected.float(), atol=2 / count)


@pytest.mark.parametrize("place", [0.0, 0.5, 1 - 2**-53])
def test_a_negative_is_never_the_pair_itself(place: float) -> None:
    """Nor where the pair is so far ahead that a softmax leaves the others nothing."""
    table = _random(6, 6).float() + 2000 * torch.eye(6)
    chosen = hard_negatives(table, torch.full((6,), place, dtype=torch.float64))
    assert ((chosen != torch.arange(6)) & (chosen < 6)).all()
    last = hard_negatives(torch.eye(2) * 50, torch.full((2,), place, dtype=torch.float64))
    assert last.tolist() == [1, 0]
    with pytest.raises(RecipeError, match="larger batch_size"):
        hard_negatives(torch.zeros(1, 1), torch.zeros(1))


def test_a_transport_plan_is_nearly_the_cheapest() -> None:
    """Against linear programming; rows and columns sum to what there is, and padding carries nothing."""
    optimize = pytest.importorskip("scipy.optimize")
    costs = _random(1, 4, 6).square()
    sources = torch.tensor([[True, True, True, False]])
    targets = torch.tensor([[True, True, True, True, True, False]])
    costs = costs * (sources[:, :, None] & targets[:, None, :])
    plan = transport_plan(costs, sources, targets, beta=0.5, steps=2000)[0]
    assert not plan[3].any()
    assert not plan[:, 5].any()
    assert torch.allclose(plan.sum(dim=1)[:3], torch.full((3,), 1 / 3, dtype=torch.float64), atol=1e-3)
    assert torch.allclose(plan.sum(dim=0)[:5], torch.full((5,), 1 / 5, dtype=torch.float64), atol=1e-3)
    inner = costs[0, :3, :5]
    rows = [[float(at // 5 == row) for at in range(15)] for row in range(3)]
    columns = [[float(at % 5 == column) for at in range(15)] for column in range(5)]
    cheapest = optimize.linprog(inner.flatten().numpy(), A_eq=rows + columns, b_eq=[1 / 3] * 3 + [1 / 5] * 5)
    assert (inner * plan[:3, :5]).sum().item() == pytest.approx(cheapest.fun, rel=1e-2)


def test_alignment_draws_pairs_together_and_others_apart() -> None:
    words, patches = _random(2, 3, 8).float().requires_grad_(), _random(2, 5, 8, seed=1).float()
    every = torch.ones(2, 5, dtype=torch.bool)
    for matched in ([True, True], [False, False]):
        loss = word_patch_alignment(words, patches, every[:, :3], every, torch.tensor(matched))
        (gradient,) = torch.autograd.grad(loss, words)
        after = word_patch_alignment(words - 0.1 * gradient, patches, every[:, :3], every, torch.tensor(matched))
        assert after < loss
        assert (loss > 0) == matched[0]
    matched = torch.tensor([True, True])
    both = word_patch_alignment(words, patches, torch.tensor([[True] * 3, [False] * 3]), every, matched)
    (gradient,) = torch.autograd.grad(both, words)
    alone = word_patch_alignment(words[:1], patches[:1], every[:1, :3], every[:1], matched[:1])
    assert both.item() == pytest.approx(alone.item() / 2), "a caption without words costs nothing"
    assert not gradient[1].any()
    with pytest.raises(RecipeError, match="without words"):
        transport_plan(torch.zeros(1, 2, 2), torch.zeros(1, 2).bool(), torch.ones(1, 2).bool())
