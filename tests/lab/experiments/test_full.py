"""The published setting, without its data: what is trained for how long in which batches, and that evidence holds."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto_lab.experiments import registry
from impasto_lab.experiments.real.courses import CANDIDATES, COURSES
from impasto_lab.experiments.real.running import tuning
from impasto_lab.experiments.real.settings import Real
from impasto_lab.experiments.runner import reproduce
from impasto_lab.models import Albef, Clip, ClipSettings, FusionSettings, Tcl, Vilt, ViltSettings

TEN = ("table1", "table3", "table4", "table5", "table6", "table7", "figure3", "figure4", "figure5", "figure6")
RESULTS = Path(__file__).parents[3] / "benches" / "results"
#: ALBEF's pairs of 4M images, and MixGen's of the 3.3M that still load.
PAIRS, FOUND = 5_100_000, 4_400_000


def _full(name: str) -> Real:
    real = registry.find(name).real
    assert real is not None
    settings: Real = real.settings["full"]
    return settings


@pytest.mark.parametrize("name", TEN)
def test_every_arm_can_be_built_as_published(name: str) -> None:
    full = _full(name)
    assert (full.published and full.most is None) or name == "table6"
    for arm, own in full.arms.items():
        how = full.pretrains(arm, pairs=PAIRS, seed=0)
        assert (how.preset, how.mixgen, how.ratio) == ("base", own.mixgen, own.ratio)
        sizes: Any = {"clip": ClipSettings, "vilt": ViltSettings}.get(own.model, FusionSettings)
        kinds: dict[str, Any] = {"clip": Clip, "vilt": Vilt, "albef": Albef, "tcl": Tcl}
        with torch.device("meta"):
            model = kinds[own.model](sizes.preset("base"))
        assert sum(parameter.numel() for parameter in model.parameters()) > 1e8
        for course in full.tuning:
            assert tuning(course, own.model, full, seed=0).image_size == 384


@pytest.mark.parametrize("model", ["albef", "tcl"])
@pytest.mark.parametrize(("processes", "each"), [(1, 512), (8, 64)])
def test_fusion_models_pretrain_as_published(model: str, processes: int, each: int) -> None:
    """SPEC 4.1: 30 epochs, 512 pairs a step, 1e-4 after 2,000 steps to 1e-5, weight decay 0.02, 25 tokens."""
    full = _full("table1")
    how = full.pretrains(f"mixgen-{model}", pairs=PAIRS, seed=0, processes=processes)
    assert (how.batch_size, how.accumulate, how.tokens) == (each, 1, 25)
    assert (how.steps, how.warmup) == (30 * PAIRS // 512, 2000)
    assert (how.lr, how.min_lr, how.weight_decay, how.clip) == (1e-4, 1e-5, 0.02, None)
    assert full.pretrains(f"mixgen-{model}", pairs=FOUND, seed=0).steps == 257_812


@pytest.mark.parametrize(("processes", "accumulate"), [(1, 64), (8, 8), (64, 1)])
def test_vilt_pretrains_as_published(processes: int, accumulate: int) -> None:
    """SPEC 4.8: 4,096 pairs a step by accumulation, 100,000 steps, 2,500 of them to warm up."""
    how = _full("table3").pretrains("plain-vilt-1m", pairs=1_000_000, seed=0, processes=processes)
    assert (how.batch_size * how.accumulate * processes, how.accumulate) == (4096, accumulate)
    assert (how.steps, how.warmup, how.lr, how.schedule, how.tokens) == (100_000, 2500, 1e-4, "linear", 40)


def test_clip_pretrains_for_its_paper_s_epochs() -> None:
    how = _full("table3").pretrains("plain-clip-1m", pairs=2_200_000, seed=0)
    assert (how.steps, how.batch_size, how.lr, how.tokens) == (32 * 2_200_000 // 4096, 4096, 5e-4, 77)


@pytest.mark.parametrize(
    ("course", "epochs", "lr", "together"),
    [
        ("coco", 5, 1e-5, 256), ("flickr30k", 10, 1e-5, 256), ("vqa", 8, 2e-5, 256), ("nlvr2", 10, 2e-5, 128),
        ("snli-ve", 5, 2e-5, 256), ("refcoco+", 5, 1e-5, 256),
    ],
)  # fmt: skip
def test_models_are_tuned_as_published(course: Any, epochs: int, lr: float, together: int) -> None:
    """SPEC 4.2 to 4.6, on eight GPUs."""
    for processes in (1, 8):
        how = tuning(
            course, "albef", _full("table5" if course == "refcoco+" else "table7"), seed=0, processes=processes
        )
        assert (how.epochs, how.steps, how.lr, how.batch_size) == (epochs, None, lr, together // processes)
    assert CANDIDATES == {"coco": 256, "flickr30k": 128} and set(COURSES) > set(CANDIDATES)


def test_arms_are_the_papers() -> None:
    shares = {arm: own.share for arm, own in _full("figure3").arms.items() if arm.startswith("mixgen")}
    assert [round(3e6 * share) for share in shares.values()] == [3_000_000, 2_000_000, 1_000_000, 200_000]
    ratios = [own.ratio for own in _full("figure6").arms.values() if own.mixgen != "none"]
    assert sorted(512 * ratio for ratio in ratios) == [32, 64, 128, 256, 512]
    assert [own.mixgen for own in _full("table7").arms.values()] == ["none", "default", "a", "b", "c", "d", "e"]
    assert {own.sets for name in ("table3", "table7", "figure6") for own in _full(name).arms.values()} == {"1m"}
    assert {own.sets for name in ("table1", "table4", "table5") for own in _full(name).arms.values()} == {"4m"}


@pytest.mark.parametrize("name", TEN)
def test_evidence_is_of_the_same_settings(name: str) -> None:
    evidence = json.loads((RESULTS / f"{name}.json").read_text())
    settings = registry.find(name).settings[evidence["size"]]
    assert json.loads(json.dumps(asdict(settings))) == evidence["settings"]


def test_evidence_is_known(tmp_path: Path) -> None:
    """One that is of every arm and seed of its own, so that nothing is left to run."""
    evidence = json.loads((RESULTS / "table6.json").read_text())
    experiment = replace(registry.find("table6"), prepare=None)
    results = reproduce(experiment, tmp_path, size="small", known=[RESULTS / "table6.json"], device="cpu")
    assert len(results.measured) == len(evidence["measured"])
