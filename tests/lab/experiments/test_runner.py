"""An experiment runs its pieces once, side by side or not, and says what it was."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import RecipeError, SourceError
from impasto_lab.experiments import Claim, Experiment, Piece, Place, registry
from impasto_lab.experiments.runner import reproduce


@dataclass(frozen=True)
class Coin:
    """How often it is thrown."""

    throws: int


def toss(piece: Piece, settings: Coin, place: Place) -> Mapping[str, float]:
    """A piece that leaves a trace each time it runs."""
    place.folder.mkdir(parents=True, exist_ok=True)
    with (place.folder / "ran").open("a") as file:
        file.write("x")
    bias = {"fair": 0.5, "bent": 0.9}[piece.arm]
    return {"heads": float((np.random.default_rng(piece.seed).random(settings.throws) < bias).mean())}


def mint(settings: Coin, place: Place) -> None:
    """What all pieces share."""
    with (place.shared / "minted").open("a") as file:
        file.write("+".join(place.arms) + "\n")


COINS = Experiment(
    name="coins",
    title="which coin",
    about="Throws coins.",
    arms=("fair", "bent"),
    run=toss,
    prepare=mint,
    settings={"smoke": Coin(10), "small": Coin(200)},
    seeds={"smoke": (0,), "small": (0, 1, 2, 3)},
    published={"bent": {"heads": 0.9}},
    source="a book of coins",
    claims=(Claim(better="bent", worse="fair", metric="heads"),),
)


def test_arms_times_seeds_and_a_verdict(tmp_path: Path) -> None:
    results = reproduce(COINS, tmp_path / "coins", size="small")
    (verdict,) = results.verdicts
    assert (verdict.word, verdict.seeds) == ("agrees", 4)
    (told,) = reproduce(COINS, tmp_path / "one", size="smoke").claims()
    assert told[4:] == ["unknown", "unknown", "1"], "one pair has no interval"
    evidence = json.loads((tmp_path / "coins" / "results.json").read_text())
    assert {(row["arm"], row["seed"]) for row in evidence["measured"]} == {(a, s) for a in COINS.arms for s in range(4)}
    assert evidence["published"] == {"bent": {"heads": 0.9}}
    assert evidence["verdicts"][0]["word"] == "agrees"
    assert evidence["machine"]["cpus"] >= 1 and evidence["settings"] == {"throws": 200}
    assert evidence["machine"]["threads"] == torch.get_num_threads()
    assert results.rows()[1][:3] == ["bent", "heads", "0.9"]


def test_several_seeds_share_no_training(tmp_path: Path) -> None:
    """Even where the experiment itself has one arm and one seed, whose run has the folder to itself; nor do arms."""
    alone = replace(COINS, arms=("fair",), claims=(), published={})
    reproduce(alone, tmp_path / "one", size="smoke")
    assert (tmp_path / "one" / "ran").read_text() == "x"
    reproduce(alone, tmp_path / "two", size="smoke", seeds=(0, 1))
    assert [(tmp_path / "two" / name / "ran").read_text() for name in ("fair-0", "fair-1")] == ["x", "x"]
    for arm in COINS.arms:
        reproduce(COINS, tmp_path / "by arm", size="smoke", arms=(arm,))
    assert all((tmp_path / "by arm" / f"{arm}-0" / "ran").read_text() == "x" for arm in COINS.arms)
    command = json.loads((tmp_path / "two" / "results.json").read_text())["command"]
    assert command == "impasto reproduce coins --size smoke --seeds 0 1"


def test_what_is_done_is_not_run_again(tmp_path: Path) -> None:
    first = reproduce(COINS, tmp_path, size="small", arms=("fair",))
    assert not first.verdicts
    (tmp_path / "pieces" / "fair-2.json").unlink()
    again = reproduce(COINS, tmp_path, size="small")
    ran = {path.parent.name: len(path.read_text()) for path in tmp_path.glob("*/ran")}
    assert ran == {f"{arm}-{seed}": 1 + ((arm, seed) == ("fair", 2)) for arm in COINS.arms for seed in range(4)}
    reproduce(COINS, tmp_path, size="small")
    # What was done before is in the evidence, asked for again or not.
    alone = reproduce(COINS, tmp_path, size="small", arms=("bent",), seeds=(1,))
    assert alone.measured == again.measured and len(alone.verdicts) == 1
    assert alone.as_dict()["command"] == "impasto reproduce coins --size small" and "before" not in alone.as_dict()
    # Prepared is what is still to do, for the arms that do it; nothing, where nothing is.
    assert (tmp_path / "minted").read_text() == "fair\nfair+bent\n"
    assert len(again.measured) == 8


def test_arms_one_by_one_are_one_evidence(tmp_path: Path) -> None:
    for arm in (*COINS.arms, "fair"):
        results = reproduce(COINS, tmp_path, size="small", arms=(arm, arm), seeds=(0, 1, 1))
    assert results.measured == reproduce(COINS, tmp_path / "together", size="small", seeds=(0, 1)).measured
    (verdict,) = results.verdicts
    evidence = json.loads((tmp_path / "results.json").read_text())
    assert verdict.seeds == 2 and len(evidence["measured"]) == 4
    assert evidence["command"] == "impasto reproduce coins --size small --seeds 0 1"
    # Where some arms have more seeds, each call is told; what has other settings needs another folder.
    more = reproduce(COINS, tmp_path, size="small", arms=("bent",), seeds=(2,))
    assert len(more.measured) == 5 and more.as_dict()["before"] == [evidence["command"]]
    assert more.as_dict()["command"].endswith("--arms bent --seeds 2")
    other = replace(COINS, settings={**COINS.settings, "small": Coin(201)})
    with pytest.raises(RecipeError, match="other settings"):
        reproduce(other, tmp_path, size="small", seeds=(9,))


def test_runs_in_one_folder_prepare_it_in_turn(tmp_path: Path) -> None:
    """So that arms can be shared out among several calls."""

    def mint_alone(settings: Coin, place: Place) -> None:
        with (place.shared / "world").open("x"):
            time.sleep(0.2)
        (place.shared / "world").unlink()

    coins = replace(COINS, prepare=mint_alone)
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda seed: reproduce(coins, tmp_path, size="small", seeds=(seed,)), range(4)):
            pass
    assert reproduce(COINS, tmp_path, size="small").measured == reproduce(COINS, tmp_path / "b", size="small").measured
    assert not (tmp_path / "minted").exists(), "all was done"


def test_known_pieces_are_taken_over(tmp_path: Path) -> None:
    """So that seeds can be added to evidence whose folder is gone."""
    earlier = tmp_path / "earlier" / "results.json"
    first = reproduce(COINS, earlier.parent, size="small", seeds=(0, 1, 7))
    both = reproduce(COINS, tmp_path / "both", size="small", known=(earlier,))
    ran = {path.parent.name for path in (tmp_path / "both").glob("*/ran")}
    assert ran == {f"{arm}-{seed}" for arm in COINS.arms for seed in (2, 3)}
    alone = reproduce(COINS, tmp_path / "alone", size="small")
    assert {piece: had for piece, had in both.measured.items() if piece.seed < 7} == alone.measured
    assert {piece: had for piece, had in both.measured.items() if piece.seed in (0, 1, 7)} == first.measured
    (told,) = both.as_dict()["known"]
    again = reproduce(COINS, tmp_path / "both", size="small", known=(earlier,))
    assert again.as_dict()["known"] == [told], "where pieces came from is kept, and said once"

    def cut_short(settings: Coin, place: Place) -> None:
        raise OSError("the disk is full")

    with pytest.raises(SourceError, match="disk is full"):
        reproduce(replace(COINS, prepare=cut_short), tmp_path / "cut", size="small", known=(earlier,))
    assert reproduce(COINS, tmp_path / "cut", size="small").as_dict()["known"] == [told]
    assert told["pieces"] == 6 and {row["seed"] for row in both.as_dict()["measured"]} == {0, 1, 2, 3, 7}
    assert told["command"].endswith("--seeds 0 1 7") and told["machine"]["cpus"] >= 1
    third = reproduce(COINS, tmp_path / "third", size="small", known=(tmp_path / "both" / "results.json",))
    (chain,) = third.as_dict()["known"]
    assert chain["pieces"] == 10 and chain["known"] == [told], "and from whom those had them"
    for changed, reason in (
        ({"settings": {**COINS.settings, "small": Coin(201)}}, "other settings: throws"),
        ({"name": "dice"}, "evidence of 'coins'"),
    ):
        with pytest.raises(RecipeError, match=reason):
            reproduce(replace(COINS, **changed), tmp_path / "other", size="small", known=(earlier,))
    same = replace(COINS, settings=dict.fromkeys(COINS.settings, Coin(200)))
    with pytest.raises(RecipeError, match="other settings: size"):
        reproduce(same, tmp_path / "other", size="smoke", known=(earlier,))
    with pytest.raises(SourceError, match=r"name a results\.json"):
        reproduce(COINS, tmp_path / "other", size="small", known=(tmp_path / "absent",))
    assert not (tmp_path / "other").exists()


def test_options_are_said_and_kept_apart(tmp_path: Path) -> None:
    coins = replace(COINS, options=("throws",))
    reproduce(coins, tmp_path, size="smoke", changes={"throws": 4})
    evidence = json.loads((tmp_path / "results.json").read_text())
    assert evidence["settings"] == {"throws": 4}
    assert evidence["command"] == "impasto reproduce coins --size smoke --throws 4"
    assert all(row["heads"] * 4 % 1 == 0 for row in evidence["measured"])
    with pytest.raises(RecipeError, match="other settings"):
        reproduce(coins, tmp_path, size="smoke")
    with pytest.raises(RecipeError, match="option='throws' is not known"):
        reproduce(COINS, tmp_path / "other", size="smoke", changes={"throws": 4})
    with pytest.raises(RecipeError, match="option='flips' is not known"):
        replace(COINS, options=("flips",))


def test_other_settings_and_damaged_pieces_are_named(tmp_path: Path) -> None:
    reproduce(COINS, tmp_path, size="smoke")
    other = replace(COINS, settings={**COINS.settings, "smoke": Coin(11)})
    with pytest.raises(RecipeError, match="other settings"):
        reproduce(other, tmp_path, size="smoke")
    (tmp_path / "pieces" / "bent-0.json").write_text("{")
    with pytest.raises(SourceError, match=r"bent-0\.json"):
        reproduce(COINS, tmp_path, size="smoke")
    with pytest.raises(RecipeError, match="arm='round'"):
        reproduce(COINS, tmp_path, size="smoke", arms=("round",))
    with pytest.raises(RecipeError, match="size='full'"):
        reproduce(COINS, tmp_path, size="full")


@pytest.mark.slow
def test_processes_measure_the_same(tmp_path: Path) -> None:
    """The demonstration, by its name, in a process of its own and here."""
    demo = registry.find("demo")
    there = reproduce(demo, tmp_path / "there", size="smoke", workers=1, device="cpu")
    here = reproduce(demo, tmp_path / "here", size="smoke", device="cpu")
    assert there.as_dict()["machine"]["threads"] == 1
    (ours,), (theirs,) = here.measured.values(), there.measured.values()
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert theirs[name] == pytest.approx(value, rel=0.05, abs=12), name  # threads add up in another order


@pytest.mark.parametrize("name", registry.EXPERIMENTS)
def test_the_registry_finds_what_it_lists(name: str) -> None:
    experiment = registry.find(name)
    assert experiment.name == name
    assert experiment.title == registry.EXPERIMENTS[name][1]
    assert experiment.pieces("smoke")
