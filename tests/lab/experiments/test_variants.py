"""MixGen's variants and shares of a batch as arms: each mixes as the paper says, and its numbers stand beside ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.batch import Batch
from impasto_lab.experiments import Place, registry
from impasto_lab.experiments.runner import reproduce
from impasto_lab.experiments.scarcity.data import loader, prepare
from impasto_lab.experiments.scarcity.settings import Scarcity

PARTS = ("seen", "unseen")
TABLE, FIGURE, PICTURES = (registry.find(name) for name in ("table7", "figure6", "table6"))
SMOKE: Scarcity = TABLE.settings["smoke"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world of all three: their smoke sizes have the same."""
    folder = tmp_path_factory.mktemp("variants")
    prepare(SMOKE, Place(shared=folder, folder=folder))
    return folder


@pytest.fixture(scope="module")
def batches(shared: Path) -> Mapping[str, Batch]:
    return {arm: next(iter(loader(SMOKE, arm, 0, shared))) for arm in TABLE.arms}


@pytest.mark.parametrize("arm", [arm for arm in TABLE.arms if arm != "none"])
def test_a_variant_is_what_the_paper_calls_so(batches: Mapping[str, Batch], arm: str) -> None:
    """By SPEC's table: image mixed or chosen, captions joined, chosen or kept in parts."""
    plain, mixed = batches["none"], batches[arm]
    assert list(plain.keys) == list(mixed.keys)
    rows = np.flatnonzero(np.asarray(mixed.plan.partners) != np.arange(len(mixed)))
    assert rows.tolist() == list(range(len(plain) // 4))
    assert plain.captions is not None and mixed.captions is not None
    for row in rows.tolist():
        other = row + len(rows)
        lam = float(mixed.plan.lams[row])
        assert (lam == 0.5) if arm in ("default", "b") else (lam in (0, 1)) if arm == "c" else 0 <= lam <= 1
        blend = lam * plain.images[row] + (1 - lam) * plain.images[other]
        assert (mixed.images[row] - blend).abs().max() < 0.02, "a level of 255, normalized, and rounding"
        own, partner, told = plain.captions[row], plain.captions[other], mixed.captions[row]
        if arm in ("default", "a", "c"):
            assert told == f"{own} {partner}"
        elif arm == "b":
            assert told in (own, partner)
        else:
            kept, given = told.replace(" ", ""), f"{own}{partner}".replace(" ", "")
            letters = iter(given)
            assert all(letter in letters for letter in kept), "in their order"
            assert 0.3 * len(given) < len(kept) < 0.75 * len(given)
    assert torch.equal(mixed.images[len(rows) :], plain.images[len(rows) :])


def test_so_many_rows_are_mixed(shared: Path) -> None:
    settings: Scarcity = FIGURE.settings["smoke"]
    mixed = {}
    for arm in FIGURE.arms:
        batch = next(iter(loader(settings, arm, 0, shared)))
        mixed[arm] = int((np.asarray(batch.plan.partners) != np.arange(len(batch))).sum())
    assert mixed == {"none": 0, "sixteenth": 1, "eighth": 2, "quarter": 4, "half": 8, "whole": 16}


def test_shares_of_a_batch_are_compared(tmp_path: Path) -> None:
    """In batches of another size, and of the fusion model, too."""
    arms = ("none", "quarter", "whole", "none-of-16", "quarter-of-16", "albef-none", "albef-quarter")
    results = reproduce(FIGURE, tmp_path, size="smoke", arms=arms, device="cpu")
    assert {piece.arm for piece in results.measured} == set(arms)
    pairs = ("quarter > none", "quarter > whole", "albef-quarter > albef-none", "quarter-of-16 > none-of-16")
    assert {one.claim for one in results.verdicts} == {f"RSUM {part}: {pair}" for part in PARTS for pair in pairs}
    assert (tmp_path / "report.html").exists() and (tmp_path / "differences.png").exists()


def test_batches_of_other_sizes_see_as_many_images(shared: Path) -> None:
    small, smoke = FIGURE.settings["small"], FIGURE.settings["smoke"]
    seen = {arm: small.steps(arm) * small.batch(arm) for arm in FIGURE.every_arm}
    assert seen == {arm: 1700 * 32 if arm.startswith("albef-") else 1600 * 64 for arm in seen}
    for arm, rows, mixed in (("none-of-16", 16, 0), ("quarter-of-16", 16, 4), ("quarter-of-200", 48, 12)):
        batch = next(iter(loader(smoke, arm, 0, shared)))
        assert len(batch) == rows
        assert int((np.asarray(batch.plan.partners) != np.arange(rows)).sum()) == mixed
    pairs = small.pairs()
    assert (pairs["half"], pairs["albef-half"]) == (("none", "half"), ("albef-none", "albef-half"))
    assert [pairs[f"quarter-of-{size}"][0] for size in (16, 200)] == ["none-of-16", "none-of-200"]


def test_arms_are_compared_with_the_one_that_does_not_mix() -> None:
    small: Scarcity = TABLE.settings["small"]
    assert small.pairs() == {
        f"{model}{name}": (f"{model}none", f"{model}{name}")
        for model in ("", "albef-")
        for name in ("default", "a", "b", "c", "d", "e")
    }
    few: Scarcity = registry.find("figure3").settings["small"]
    assert few.pairs()["200-steps"] == ("plain-200-steps", "mixgen-200-steps")


def test_published_differences_stand_beside_ours(tmp_path: Path) -> None:
    results = reproduce(TABLE, tmp_path, size="smoke", arms=("none", "default", "d"), device="cpu")
    told = {one.claim: dict(one.published) for one in results.verdicts}
    gains = {"RSUM Flickr30K-Ft": 5.3, "RSUM COCO-Ft": 7.0, "RSUM Flickr30K-Zs": 6.3}
    assert told["RSUM seen: default > none"] == pytest.approx(gains)
    assert told["RSUM unseen: none > d"] == pytest.approx(
        {"RSUM Flickr30K-Ft": 0.5, "RSUM COCO-Ft": 7.0, "RSUM Flickr30K-Zs": 11.2}
    )
    ours = {piece.arm: metrics["RSUM seen"] for piece, metrics in results.measured.items()}
    (verdict,) = [one for one in results.verdicts if one.claim == "RSUM seen: default > none"]
    assert verdict.means == (ours["none"], ours["default"])
    assert list(json.loads((tmp_path / "compared.json").read_text())) == ["default", "d"]
    page = (tmp_path / "report.html").read_text()
    assert "RSUM COCO-Ft +7" in page and "477.7" in page
    for name in ("curves.png", "differences.png"):
        with Image.open(tmp_path / name) as drawn:
            assert drawn.width > 200


def test_variants_are_shown_and_counted(tmp_path: Path) -> None:
    results = reproduce(PICTURES, tmp_path, size="smoke", device="cpu")
    found = {piece.arm: metrics for piece, metrics in results.measured.items()}
    assert {arm for arm, of in found.items() if of["mixed visibly"] == 100} == {"default", "b"}
    assert found["c"]["mixed visibly"] == 0
    assert all(found[arm]["words kept"] == pytest.approx(100) for arm in ("default", "a", "c"))
    assert all(40 < found[arm]["words kept"] < 70 for arm in ("b", "d", "e"))
    with Image.open(tmp_path / "variants.png") as drawn:
        assert drawn.width > 600
    assert (tmp_path / "variants.html").read_text().count("<img") >= 8
    again = reproduce(PICTURES, tmp_path / "known", size="smoke", known=(tmp_path / "results.json",), device="cpu")
    assert again.measured == results.measured and (tmp_path / "known" / "report.html").exists()
