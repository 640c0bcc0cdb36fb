"""Rivals of MixGen differ in what they are called after, and in nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto import RecipeError
from impasto_lab.experiments import Place, registry
from impasto_lab.experiments.runner import reproduce
from impasto_lab.experiments.scarcity.data import loader, prepare
from impasto_lab.experiments.scarcity.rivaling import TurnsTask, rival_loader
from impasto_lab.experiments.scarcity.rivals import SHORT, WAYS
from impasto_lab.experiments.scarcity.running import small_clip
from impasto_lab.experiments.scarcity.settings import Scarcity, comes_of
from impasto_lab.models import Words
from impasto_lab.models.losses import geodesic_mix, m2_mix_loss
from impasto_lab.tasks import ContrastiveTask

RIVALS, FIGURE = registry.find("rivals"), registry.find("figure3")
SMOKE: Scarcity = RIVALS.settings["smoke"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rivals")
    prepare(SMOKE, Place(shared=folder, folder=folder))
    return folder


def test_rivals_of_a_seed_share_images_order_and_crops(shared: Path) -> None:
    first = {arm: next(iter(rival_loader(SMOKE, arm, 0, shared))) for arm in WAYS}
    plain, mixed = first["plain"], first["mixgen"]
    known = next(iter(loader(SMOKE, "plain", 0, shared)))
    assert torch.equal(plain.images, known.images) and plain.captions == known.captions
    for arm, batch in first.items():
        assert batch.keys == plain.keys and (batch.plan.boxes == plain.plan.boxes).all(), arm
    joined = {arm: batch.captions for arm, batch in first.items() if batch.captions}
    assert plain.captions and mixed.captions
    count = int(mixed.plan.mixed.sum())
    assert count == len(plain) // 4
    assert mixed.captions[0] == f"{plain.captions[0]} {plain.captions[count]}" == joined["cut-joined"][0]
    assert joined["joined-by-and"][0] == f"{plain.captions[0]} and {plain.captions[count]}"
    assert joined["mixup-images"] == plain.captions and first["mixup-images"].plan.mixed.all()
    assert torch.equal(first["words-dropped"].images, plain.images)
    lengths = [sum(map(len, joined[arm])) for arm in ("words-dropped", "plain")]
    assert lengths[0] < lengths[1]
    assert joined["randaugment"] == plain.captions and not torch.equal(first["randaugment"].images, plain.images)
    for arm in ("mixgen-masked", "mixgen-soft", "mixgen-m2-mix"):
        assert torch.equal(first[arm].images, mixed.images) and joined[arm] == mixed.captions
    assert torch.equal(first["m2-mix"].images, plain.images)
    assert torch.equal(first["mixgen-short"].images, mixed.images) and joined["mixgen-short"] == mixed.captions


def test_short_rows_are_cut_balanced_or_of_partners_that_fit(shared: Path) -> None:
    """The same images and lams; the second caption's end is lost, or both ends, or fewer captions lose any."""
    short, balanced, fit = (
        list(rival_loader(SMOKE, f"mixgen-short{way}", 0, shared)) for way in ("", "-balanced", "-fit")
    )
    lost = []
    for batches in (short, balanced, fit):
        assert all(batch.input_ids is not None and batch.input_ids.shape[1] == SHORT for batch in batches)
        lost.append(torch.cat([torch.as_tensor(batch.lost) for batch in batches]))
    assert torch.equal(lost[0], lost[1]) and 0 < (lost[2] > 0).sum() < (lost[0] > 0).sum()
    for cut, both, pair in zip(short, balanced, fit, strict=True):
        assert torch.equal(cut.images, both.images) and cut.keys == pair.keys
        assert torch.equal(cut.images[pair.plan.mixed == 0], pair.images[pair.plan.mixed == 0])
    assert any(one.captions != other.captions for one, other in zip(short, balanced, strict=True))
    assert any((one.plan.partners != other.plan.partners).any() for one, other in zip(short, fit, strict=True))


def test_turns_take_the_loss_of_what_was_mixed(shared: Path) -> None:
    """A batch of MixUp's counts in shares, one of MixGen's as it is; both come."""
    words = Words.read(shared / "vocab.txt")
    turns, seen = TurnsTask(small_clip(words, SMOKE.length)), set()
    for epoch, batch in enumerate(batch for _ in range(4) for batch in rival_loader(SMOKE, "mixgen-mixup", 0, shared)):
        assert batch.plan.mix is not None
        own = set(batch.plan.mix.words) == {"own"}
        expected = ContrastiveTask(turns.model, partners="shares" if own else "negatives").step(batch)
        other = ContrastiveTask(turns.model, partners="negatives" if own else "mask").step(batch)
        assert turns.step(batch)["loss"] == expected["loss"] != other["loss"], epoch
        seen.add(own)
    assert seen == {True, False}


def test_earlier_evidence_is_known(tmp_path: Path) -> None:
    """What was kept before arms and fields came comes of the same as now; the new arms come of something else."""
    path = Path(__file__).parents[3] / "benches" / "results" / "rivals.json"
    settings = RIVALS.settings["small"]
    now = {"size": "small", **asdict(settings)}
    then = json.loads(path.read_text())
    old = {"size": "small", **then["settings"]}
    for arm in old["arms"]:
        for name in ("tokens", "fitting"):
            old["arms"][arm].pop(name, None)
    known = [arm for arm in WAYS if WAYS[arm].get("mixing") != "turns" and "tokens" not in WAYS[arm]]
    assert len(known) == 13 and all(comes_of(old, arm) == comes_of(now, arm) for arm in known)
    ways = [comes_of(now, arm) for arm in WAYS]
    assert all(way not in ways[:at] for at, way in enumerate(ways))


def test_a_pair_is_trained_and_losses_differ(tmp_path: Path) -> None:
    arms = ("mixgen", "mixgen-soft", "mixup-images", "m2-mix")
    results = reproduce(RIVALS, tmp_path, size="smoke", arms=arms, device="cpu")
    assert "differences" in (tmp_path / "report.html").read_text()
    losses = {piece.arm: found["last loss"] for piece, found in results.measured.items()}
    assert set(losses) == set(arms) and len(set(losses.values())) == 4
    assert {verdict.claim for verdict in results.verdicts} == {
        f"RSUM {part}: {claim}"
        for part in ("seen", "unseen")
        for claim in ("mixgen > mixup-images", "mixgen-soft > mixgen")
    }


def _sphere(seed: int, count: int = 6) -> torch.Tensor:
    drawn = torch.from_numpy(np.random.default_rng(seed).normal(size=(count, 5)))
    return drawn / drawn.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("lam", [0.0, 0.3, 1.0])
def test_mixtures_lie_on_the_shortest_way(lam: float) -> None:
    """As far from both as the weight says, in angles; what is in one place stays there."""
    images, texts = _sphere(0), _sphere(1)
    mixed = geodesic_mix(images, texts, lam)
    angles = (images * texts).sum(dim=1).acos()
    assert torch.allclose(mixed.norm(dim=1), torch.ones(6, dtype=torch.float64))
    assert torch.allclose((mixed * texts).sum(dim=1).clamp(-1, 1).acos(), lam * angles, atol=1e-5)
    assert torch.allclose((mixed * images).sum(dim=1).clamp(-1, 1).acos(), (1 - lam) * angles, atol=1e-5)
    assert torch.allclose(geodesic_mix(images, images, lam), images, atol=1e-3)


def test_m2_mix_is_its_sum_pair_by_pair() -> None:
    images, texts, scale, lam = _sphere(2), _sphere(3), torch.tensor(7.0, dtype=torch.float64), 0.4
    mixed = geodesic_mix(images, texts, lam)
    total = 0.0
    for one in (images, texts):
        for row in range(6):
            own = torch.exp(scale * images[row] @ texts[row])
            others = sum(torch.exp(scale * one[row] @ mixed[other]) for other in range(6) if other != row)
            total -= float(torch.log(own / (own + others)))
    assert float(m2_mix_loss(images, texts, scale, lam)) == pytest.approx(total / 12)


def test_gradients_are_finite_where_pairs_are_one() -> None:
    images = _sphere(4).requires_grad_()
    m2_mix_loss(images, images.detach().clone(), torch.tensor(10.0), 0.5).backward()
    gradient: Any = images.grad
    assert torch.isfinite(gradient).all()


def test_an_arm_of_another_experiment(shared: Path) -> None:
    with pytest.raises(RecipeError, match="Rival"):
        RIVALS.run(RIVALS.pieces("smoke")[0], _others(), Place(shared=shared, folder=shared))


def _others() -> Scarcity:
    settings: Scarcity = FIGURE.settings["smoke"]
    return Scarcity(images=64, held=16, training=settings.training, arms={"plain": settings.arms["plain-400"]})
