"""Scarce data: arms of a seed share what they should, and what is found is counted as the papers count."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.errors import RecipeError
from impasto_lab.experiments import Piece, Place, registry
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.runner import reproduce
from impasto_lab.experiments.scarcity.comparing import crossing
from impasto_lab.experiments.scarcity.data import held_out, loader, prepare, source
from impasto_lab.experiments.scarcity.measuring import rsum_of
from impasto_lab.experiments.scarcity.settings import Scarcity, comes_of
from impasto_lab.experiments.verdicts import paired
from impasto_lab.metrics import retrieval
from impasto_lab.models import Words
from impasto_lab.worlds import World

FIGURE, TABLE = registry.find("figure3"), registry.find("table3")
SMOKE: Scarcity = FIGURE.settings["smoke"]

#: One pair of arms, at a number of images that equal epochs and equal steps share.
PAIR = ("plain-400", "mixgen-400")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scarcity")
    prepare(SMOKE, Place(shared=folder, folder=folder))
    return folder


def test_arms_of_a_seed_share_images_order_and_crops(shared: Path) -> None:
    plain, mixed = (list(loader(SMOKE, arm, 0, shared)) for arm in PAIR)
    assert len(plain) == len(mixed) > 0
    for one, other in zip(plain, mixed, strict=True):
        assert list(one.keys) == list(other.keys)
        assert (one.plan.boxes == other.plan.boxes).all()
        rows = int((np.asarray(other.plan.partners) != np.arange(len(other))).sum())
        assert rows == len(one) // 4
        assert torch.equal(one.images[rows:], other.images[rows:])
        assert not torch.equal(one.images[:rows], other.images[:rows])
        assert int(other.lost.sum()) == 0, "two long captions fit"


def test_fewer_images_are_among_more_and_other_seeds_have_others(shared: Path) -> None:
    def keys(arm: str, seed: int) -> set[str]:
        return {key for batch in loader(SMOKE, arm, seed, shared) for key in batch.keys}

    few, more = keys("plain-200", 0), keys("plain-1600", 0)
    assert few < more
    assert len(few & keys("plain-200", 1)) < len(few) / 2


def test_steps_are_equal_or_epochs_are() -> None:
    small: Scarcity = FIGURE.settings["small"]
    images = (200, 400, 800, 1600)
    assert [small.steps(f"plain-{n}") for n in images] == [800, 1600, 3200, 6400]
    assert {small.steps(f"mixgen-{n}-steps") for n in (200, 800, 1600)} == {small.steps("mixgen-400")}
    assert TABLE.settings["small"].steps("mixgen-clip") == small.steps("mixgen-400")


def test_words_of_what_is_held_out_are_known(shared: Path) -> None:
    """But for rare ones, and the world's two parts are what they are called."""
    small = replace(SMOKE, arms={**SMOKE.arms})
    parts = held_out(small, small.arms["plain-400"], shared)
    unknown = (shared / "vocab.txt").read_text().splitlines().index("[UNK]")
    ids = torch.cat([part.held.input_ids for part in parts.values()])
    assert (ids == unknown).float().mean() < 0.001
    assert Words.read(shared / "vocab.txt").size < 200
    trained = set()
    world = World(shared / "world")
    for line in world.facts("train").read_text().splitlines():
        trained |= {(thing["shape"], thing["color"]) for thing in json.loads(line)["things"]}
    for line in world.facts("test").read_text().splitlines():
        assert any((thing["shape"], thing["color"]) not in trained for thing in json.loads(line)["things"])
    things, plain = parts["unseen"].things, parts["unseen"].plain
    facts = [json.loads(line) for line in world.facts("test").read_text().splitlines()]
    assert things == tuple(len(fact["things"]) for fact in facts)
    assert 0.2 < np.mean(plain) < 0.8
    assert len(parts["seen"].held.captions) == 5 * len(source(world, "val"))


def test_groups_are_searched_among_all() -> None:
    """The sum over groups, each by its share, is that of all; a constant score finds nothing in any group."""
    draw = np.random.default_rng(0)
    owners = np.repeat(np.arange(12), 3)  # as many captions each, so that groups weigh alike both ways
    scores = draw.normal(size=(12, 36)) + 1.5 * (np.arange(12)[:, None] == owners)
    found = retrieval(scores, owners)
    groups = [np.arange(12) < 4, np.arange(12) >= 4]
    apart = [rsum_of(found, group, owners) for group in groups]
    assert np.average(apart, weights=[4, 8]) == pytest.approx(found.rsum)
    # One by one: the captions of the first four images find theirs, and those images one of theirs.
    images = [np.sum(scores[:, at] >= scores[owners[at], at]) - 1 for at in range(12)]
    texts = [np.sum(scores[row, owners != row] >= scores[row, owners == row].max()) for row in range(4)]
    assert apart[0] == pytest.approx(
        sum(100 * np.mean(np.array(r) < cut) for r in (images, texts) for cut in (1, 5, 10))
    )
    tied = retrieval(np.zeros((12, 36)), owners)
    assert [rsum_of(tied, group, owners) for group in groups] == [0, 0]


@pytest.mark.parametrize(
    ("mixed", "step"),
    [([0, 0, 5, 9], 30.0), ([2, 5, 6, 7], 10.0), ([9, 9, 9, 1], None), ([2, 0, 9, 4], 30.0), ([1, 3, 4, 4], None)],
)
def test_curves_cross_where_one_stays_above(mixed: list[float], step: float | None) -> None:
    plain = {"step": [10, 20, 30, 40], "seen": [1, 3, 4, 5 if step is None else 3]}
    assert crossing(plain, {"step": plain["step"], "seen": mixed}, "seen") == step


def test_a_pair_is_compared_and_goes_on_where_it_was(tmp_path: Path) -> None:
    first = reproduce(FIGURE, tmp_path, size="smoke", arms=PAIR, seeds=(0,), device="cpu")
    results = reproduce(FIGURE, tmp_path, size="smoke", arms=PAIR, seeds=(0, 1), device="cpu")
    assert all(results.measured[piece] == metrics for piece, metrics in first.measured.items())
    compared = json.loads((tmp_path / "compared.json").read_text())
    assert list(compared) == ["400"]
    (verdict, _) = results.verdicts
    found = compared["400"]["differences"]["RSUM seen"]
    ours = {(piece.arm, piece.seed): metrics["RSUM seen"] for piece, metrics in results.measured.items()}
    each = [ours["mixgen-400", seed] - ours["plain-400", seed] for seed in (0, 1)]
    mean, bounds, detectable = paired(each)
    assert (found["difference"], tuple(found["interval"]), found["detectable"]) == (mean, bounds, detectable)
    assert (verdict.difference, verdict.word) == (mean, "undecided" if bounds[0] <= 0 <= bounds[1] else verdict.word)
    curves = compared["400"]["curves"]["plain"]
    ends = [ours["plain-400", seed] for seed in (0, 1)]
    assert curves["seen"][-1] == pytest.approx(np.mean(ends))
    with Image.open(tmp_path / "curves.png") as drawn:
        assert drawn.width > 200
    # Where the folder is gone, curves are of the seeds that are trained anew.
    for seeds, kept in (((0, 1), []), ((0, 1, 2), [2])):
        place = tmp_path / f"known {len(seeds)}"
        known = (tmp_path / "results.json",)
        again = reproduce(FIGURE, place, size="smoke", arms=PAIR, seeds=seeds, known=known, device="cpu")
        assert all(again.measured[piece] == metrics for piece, metrics in results.measured.items())
        compared = json.loads((place / "compared.json").read_text())["400"]
        assert (compared["seeds"], compared["curves of seeds"]) == (list(seeds), kept)
        assert (place / "report.html").exists() and (place / "curves.png").exists() == bool(kept)


def test_tables_know_each_others_trainings(tmp_path: Path) -> None:
    """Arms that come of the same have the same figures, which are trained here to see it."""
    asked = {"table3": ("plain-clip", "mixgen-clip"), "table7": ("none", "default", "a"), "rivals": ("plain", "mixgen")}
    trained = {
        name: reproduce(registry.find(name), tmp_path / name, size="smoke", arms=arms, seeds=(0,), device="cpu")
        for name, arms in asked.items()
    }
    figures = {name: [found.measured[Piece(arm, 0)] for arm in asked[name]] for name, found in trained.items()}
    assert figures["table7"][:2] == figures["table3"] == figures["rivals"]
    assert figures["table7"][2] != figures["table3"][1]

    def known(name: str, of: str, folder: str, **changes: Any) -> Results:
        experiment, evidence = replace(registry.find(name), **changes), tmp_path / of / "results.json"
        return reproduce(
            experiment, tmp_path / folder, size="smoke", arms=asked[name][:2], known=(evidence,), seeds=(0,)
        )

    for name, of in (("table7", "table3"), ("rivals", "table7"), ("table3", "rivals")):
        taken = known(name, of, f"{name} of {of}")
        assert taken.measured == {Piece(arm, 0): trained[name].measured[Piece(arm, 0)] for arm in asked[name][:2]}
        assert taken.as_dict()["known"][0]["pieces"] == 2
        assert not (tmp_path / f"{name} of {of}" / "world").exists(), "nothing was trained"
    table7 = registry.find("table7").settings["smoke"]
    other = {"smoke": replace(table7, evaluations=2)}
    with pytest.raises(RecipeError, match="evidence of 'table3', and no arm of it comes of the same"):
        known("table7", "table3", "refused", settings=other, seeds={"smoke": (0,)})
    with pytest.raises(RecipeError, match="this is evidence of 'table3', not of 'table7'"):
        known("table7", "table3", "refused", comes_of=None)
    fewer = replace(table7, arms={arm: table7.arms[arm] for arm in asked["table7"][:2]})
    own = {"settings": {"smoke": fewer}, "seeds": {"smoke": (0,)}, "further": (), "claims": ()}
    taken = known("table7", "table7", "fewer arms", arms=tuple(fewer.arms), **own)
    assert taken.measured == {Piece(arm, 0): trained["table7"].measured[Piece(arm, 0)] for arm in fewer.arms}
    with pytest.raises(RecipeError, match="measured with other settings: evaluations"):
        known("table7", "table7", "refused", settings=other, seeds={"smoke": (0,)})
    with pytest.raises(RecipeError, match="measured with other settings: evaluations"):
        known("table7", "table7", "refused", settings=other, seeds={"smoke": (0,)}, comes_of=None)
    path = tmp_path / "table3" / "results.json"
    evidence = json.loads(path.read_text())
    del evidence["settings"]["arms"]["plain-clip"]
    path.write_text(json.dumps(evidence))
    with pytest.raises(RecipeError, match=r"don't say what its pieces come of.*'plain-clip'"):
        known("table7", "table3", "refused")


@pytest.mark.parametrize(
    "changes",
    [
        {"variant": "a"}, {"ratio": 0.5}, {"images": 200}, {"epochs": 9}, {"batch_size": 16}, {"model": "albef"},
        {"mixing": "cut"}, {"randaugment": True}, {"dropping": 0.1}, {"partners": "mask"}, {"geodesic": 1.0},
        {"mixgen": False},
    ],
)  # fmt: skip
def test_what_is_done_otherwise_comes_of_something_else(changes: dict[str, Any]) -> None:
    settings = {"size": "small", **asdict(TABLE.settings["small"])}
    arm = settings["arms"]["mixgen-clip"]
    settings["arms"] |= {"other": arm | changes, "same": arm | {"variant": "default", "ratio": 0.25, "epochs": 256}}
    assert comes_of(settings, "same") == comes_of(settings, "mixgen-clip") != comes_of(settings, "other")
    for name, value in (("evaluations", 9), ("seed", 1), ("side", 64), ("size", "smoke")):
        assert comes_of({**settings, name: value}, "same") != comes_of(settings, "same")


@pytest.mark.slow
def test_every_model_has_its_row(tmp_path: Path) -> None:
    results = reproduce(TABLE, tmp_path, size="smoke", device="cpu")
    assert Counter(piece.arm.split("-")[1] for piece in results.measured) == dict.fromkeys(
        ("clip", "vilt", "albef", "tcl"), 2
    )
    assert len(results.verdicts) == 8
    assert results.as_dict()["published"]["mixgen-vilt"]["RSUM COCO-Ft"] == 189.7
