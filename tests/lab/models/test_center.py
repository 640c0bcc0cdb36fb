"""The small detector: what maps should say is what boxes are read from, and a few images are learned by heart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from impasto import RecipeError
from impasto_lab.metrics import Found, Truth, average_precision
from impasto_lab.models import CenterDetector
from impasto_lab.models.center import STRIDE, aims


def _targets(seed: int, count: int = 4) -> list[dict[str, torch.Tensor]]:
    rng = np.random.default_rng(seed)
    targets = []
    for _ in range(count):
        low = rng.uniform([[0, 0], [26, 26]], [[30, 30], [56, 56]])
        boxes = np.concatenate([low, low + rng.uniform(9, 20, (2, 2))], axis=1).clip(0, 64)
        targets.append({"boxes": torch.from_numpy(boxes).float(), "labels": torch.from_numpy(rng.integers(1, 4, 2))})
    return targets


def test_boxes_are_read_from_where_the_aims_put_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that says exactly what it should finds every box; torch's own arithmetic knows nothing of either."""
    targets = _targets(1)
    wanted, boxes, near = aims(targets, torch.Size((4, 3, 16, 16)), torch.device("cpu"))
    assert (wanted == 1).flatten(1).sum(dim=1).tolist() == [2, 2, 2, 2] and near.any()
    at = STRIDE * (torch.arange(16) + 0.5)
    x, y = at[None, None, :].expand(4, 16, 16), at[None, :, None].expand(4, 16, 16)
    sides = torch.stack([x - boxes[..., 0], y - boxes[..., 1], boxes[..., 2] - x, boxes[..., 3] - y], dim=1)
    detector = CenterDetector(3).eval()
    monkeypatch.setattr(detector, "maps", lambda _: (torch.logit(wanted.clamp(1e-4, 1 - 1e-4)), sides))
    answers = detector(torch.zeros(4, 3, 64, 64))
    for answer, target in zip(answers, targets, strict=True):
        order = answer["boxes"][:2].sum(dim=1).argsort()
        expected = target["boxes"].sum(dim=1).argsort()
        torch.testing.assert_close(answer["boxes"][order], target["boxes"][expected], atol=1e-3, rtol=0)
        assert torch.equal(answer["labels"][order], target["labels"][expected])


def test_it_learns_a_few_images_by_heart() -> None:
    torch.manual_seed(0)
    targets = _targets(2)
    images = torch.full((4, 3, 64, 64), 0.2)
    for image, target in zip(images, targets, strict=True):
        for box, label in zip(target["boxes"].round().int().tolist(), target["labels"].tolist(), strict=True):
            image[label - 1, box[1] : box[3], box[0] : box[2]] = 1.0
    detector = CenterDetector(3, width=8)
    optimizer = torch.optim.AdamW(detector.parameters(), lr=4e-3)
    for _ in range(80):
        losses = detector(images, targets)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
    with torch.no_grad():
        answers = detector.eval()(images)
    found = [Found(*(one[name].numpy() for name in Found._fields)) for one in answers]
    truth = [Truth(one["boxes"].numpy(), one["labels"].numpy()) for one in targets]
    assert average_precision(found, truth)["AP50"] > 80


def test_images_without_things_and_bad_ones() -> None:
    detector = CenterDetector(2, width=8)
    nothing = [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}] * 2
    losses = detector(torch.rand(2, 3, 32, 32), nothing)
    assert all(bool(torch.isfinite(loss)) for loss in losses.values())
    with pytest.raises(RecipeError, match="needs targets"):
        detector(torch.rand(2, 3, 32, 32))
    with pytest.raises(RecipeError, match="sides that 16 divides"):
        detector.eval()(torch.rand(1, 3, 40, 33))
