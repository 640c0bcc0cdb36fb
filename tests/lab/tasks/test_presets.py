"""What the papers did: each model's training at ``base``, and what its images and captions go through."""

from __future__ import annotations

from typing import Any

import pytest

import impasto
from impasto_lab.tasks.pretrain import PretrainSettings
from impasto_lab.tasks.pretrain.recipes import recipe_of
from impasto_lab.training.optimizer import scheduled

CLIP = impasto.ClipTokenizer()


@pytest.mark.parametrize(
    ("model", "processes", "pairs", "told"),
    [
        ("clip", 64, 32_768, {"betas": (0.9, 0.98), "eps": 1e-6, "weight_decay": 0.2, "schedule": "cosine"}),
        ("vilt", 8, 4_096, {"betas": (0.9, 0.98), "eps": 1e-8, "weight_decay": 0.01, "schedule": "linear"}),
        ("albef", 8, 512, {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.02, "schedule": "cosine"}),
        ("tcl", 8, 512, {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.02, "schedule": "cosine"}),
    ],
)
def test_base_is_the_papers(model: Any, processes: int, pairs: int, told: dict[str, object]) -> None:
    settings = PretrainSettings.of(model, "base")
    assert settings.batch_size * settings.accumulate * processes == pairs
    assert {name: getattr(settings, name) for name in told} == told
    assert settings.clip is None
    shape: dict[str, Any] = {"steps": settings.steps, "warmup": settings.warmup, "schedule": settings.schedule}
    rates = [
        settings.lr * scheduled(step, **shape, floor=settings.min_lr / settings.lr)
        for step in (0, settings.warmup - 1, settings.steps - 1)
    ]
    highest, lowest = {"clip": (5e-4, 0), "vilt": (1e-4, 0)}.get(model, (1e-4, 1e-5))
    assert rates == pytest.approx([lowest, highest, lowest], abs=1e-3 * highest)


@pytest.mark.parametrize("model", ["clip", "vilt", "albef", "tcl"])
def test_images_and_captions_go_through_what_the_papers_did(model: Any) -> None:
    small, base = (recipe_of(PretrainSettings.of(model, size), 32, CLIP) for size in ("small", "base"))
    first, *second = base.views
    drawn = [type(one).__name__ for one in first.augment]
    assert drawn == ([] if model == "clip" else ["RandAugment"])
    assert not small.views[0].augment
    scale = {"clip": (0.9, 1.0), "vilt": None}.get(model, (0.2, 1.0))
    assert (first.scale if first.crop == "random" else None) == scale
    assert first.normalize == ("inception" if model == "vilt" else "clip")
    colors = [type(one).__name__ for view in second for one in view.augment]
    assert colors == (["ColorJitter", "Grayscale", "GaussianBlur", "RandAugment"] if model == "tcl" else [])
    assert base.text is not None
    assert base.text.length == {"clip": 77, "vilt": 40}.get(model, 25)


@pytest.mark.parametrize("mixgen", ["none", "default", "a", "b", "c", "d", "e"])
def test_mixgen_is_a_switch(mixgen: Any) -> None:
    published = {"none": None, "default": impasto.MixGen(ratio=0.25, lam=0.5)}
    expected = published[mixgen] if mixgen in published else impasto.MixGen.variant(mixgen)
    assert recipe_of(PretrainSettings.of("clip", mixgen=mixgen), 32, CLIP).mix == expected
