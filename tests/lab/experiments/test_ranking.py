"""Ranks of true images: what stands above them, what is shown by the rule, and what each reason is worth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from impasto_lab.experiments import registry
from impasto_lab.experiments.ranking.choosing import choose
from impasto_lab.experiments.ranking.measuring import found_first
from impasto_lab.experiments.runner import reproduce
from impasto_lab.worlds import scenes

FIGURE = registry.find("figure5")


@pytest.mark.parametrize("manner", [scenes.USUAL, scenes.RICH], ids=["usual", "rich"])
def test_a_caption_fits_its_own_scene_and_few_others(manner: scenes.Manner) -> None:
    made = list(scenes.samples(size=scenes.Size(60, side=16), manner=manner, seed=5))
    for own in made:
        assert all(scenes.fits(caption, own.facts) for caption in own.captions)
        # Of another color nothing fits that has been told of a thing with its color.
        things = [{**thing, "color": "no color"} for thing in own.facts["things"]]
        named = {f"{thing['color']} {thing['shape']}" for thing in own.facts["things"]}
        told = [caption for caption in own.captions if any(name in caption for name in named)]
        assert told and not any(scenes.fits(caption, {**own.facts, "things": things}) for caption in told)
    others = [scenes.fits(c, two.facts) for one in made for two in made if one is not two for c in one.captions]
    assert 0 < np.mean(others) < 0.02


def test_the_rule_takes_extremes_and_the_middle() -> None:
    before, after = np.array([9, 3, 0, 5, 5, 2, 7]), np.array([0, 3, 8, 5, 4, 4, 1])
    assert choose(before, after) == {"largest gain": [0, 6], "median change": [4, 1], "largest loss": [2, 5]}
    same = choose(before, before)
    assert (same["largest gain"], same["largest loss"]) == ([], []), "no change is no gain and no loss"


def test_reasons_are_kept_apart() -> None:
    """With scores that are noise and a little truth, each circumstance changes what it should, and by how much."""
    draw = np.random.default_rng(0)
    images, each = 200, 5
    owners = np.repeat(np.arange(images), each)
    own = owners[None] == np.arange(images)[:, None]
    scores = draw.normal(size=(images, images * each)) + 3.0 * own
    found = found_first(scores, owners, own)
    # One right of N normal scores, by quadrature: the same whichever way it is looked for.
    x = np.linspace(-6, 12, 4001)
    expected = {n: 100 * np.trapezoid(stats.norm.pdf(x, 3) * stats.norm.cdf(x) ** (n - 1), x) for n in (200, 100)}
    assert found["IR@1"] == pytest.approx(expected[200], abs=4)
    assert found["TR@1, one caption"] == pytest.approx(expected[200], abs=4)
    assert found["IR@1, half the images"] == pytest.approx(expected[100], abs=4)
    assert found["TR@1"] > found["TR@1, one caption"]
    assert (found["IR@1, fitting counts"], found["first fits"]) == (found["IR@1"], 0)
    every = found_first(scores, owners, np.ones_like(own))
    assert every["IR@1, fitting counts"] == 100
    assert every["first fits"] == pytest.approx(100 - found["IR@1"])
    assert found["mean rank"] > 1
    perfect = found_first(own.astype(float), owners, own)
    assert [perfect[name] for name in ("TR@1", "IR@1", "mean reciprocal rank", "mean rank")] == [100, 100, 100, 1]
    # Of each image's captions the first finds it and the others never do.
    first = np.arange(len(owners)) % each == 0
    fifth = found_first(np.where(own, np.where(first, 1.0, -1.0), 0.0), owners, own)
    assert (fifth["TR@1"], fifth["TR@1, one caption"], fifth["IR@1"]) == (100, 20, 20)


def test_ranks_are_shown(tmp_path: Path) -> None:
    results = reproduce(FIGURE, tmp_path, size="smoke", device="cpu")
    chosen = json.loads((tmp_path / "chosen.json").read_text())
    assert list(chosen) == ["clip, seen", "clip, unseen"]
    kept = {arm: json.loads((tmp_path / "ranks" / f"{arm}-0.json").read_text()) for arm in FIGURE.arms}
    for one in chosen["clip, unseen"]:
        ranks = [1 + of["unseen"]["ranks"][of["unseen"]["captions"].index(one["caption"])] for of in kept.values()]
        if kept["plain-clip"]["unseen"]["captions"].count(one["caption"]) == 1:
            assert ranks == [one["before"], one["after"]]
        assert (one["before"] > one["after"]) or one["kind"] != "largest gain"
    (plain,) = [metrics for piece, metrics in results.measured.items() if piece.arm == "plain-clip"]
    assert plain["mean rank, seen"] == pytest.approx(1 + np.mean(kept["plain-clip"]["seen"]["ranks"]))
    for part in ("seen", "unseen"):
        with Image.open(tmp_path / f"ranks-clip-{part}.png") as drawn:
            assert drawn.width > 600
    again = reproduce(FIGURE, tmp_path / "known", size="smoke", known=(tmp_path / "results.json",), device="cpu")
    assert again.measured == results.measured and (tmp_path / "known" / "report.html").exists()
