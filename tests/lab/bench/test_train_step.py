"""The bench of training steps: a step that trains, loaders that feed it, figures that add up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from impasto.errors import RecipeError
from impasto.ops import tokenize
from impasto_lab.bench import train_step
from impasto_lab.bench.feeding.steps import ClipStep, Stepping
from impasto_lab.bench.peers.pairs import MixedPairs
from impasto_lab.bench.settings import TrainStepTiming
from impasto_lab.bench.timing import Row
from impasto_lab.bench.train_step import TrainStepBench
from impasto_lab.cli.bench.train_step import shown
from impasto_lab.models import ClipSettings

CAPTIONS = ["a red bus", "two cats on a long mat", "rain", "a photo of the sea at night"]


def test_every_batch_is_learned_from() -> None:
    ids = torch.from_numpy(tokenize(CAPTIONS, length=32).input_ids)
    sizes = ClipSettings.preset("tiny", text_length=32, vocabulary=len(ids.unique()))
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    step = ClipStep(sizes, ids.unique(), seed=0)
    losses: list[torch.Tensor] = []
    pairs = MixedPairs(images, ids, CAPTIONS)
    fed = Stepping([pairs] * 30, lambda batch: losses.append(step(batch)))
    assert [batch is pairs for batch in fed] == [True] * 30
    assert len(losses) == 30
    assert losses[-1] < 0.1 * losses[0], "captions of several lengths are told apart"
    assert len(fed.waited) == 1
    assert 0 <= fed.waited[0] < 1


def test_figures_follow_from_the_medians() -> None:
    rates = {
        "step": [900.0, 200.0, 100.0],  # 10 pairs in 50 ms
        "impasto": [1000.0, 500.0, 9000.0],  # 10 ms
        "plain": [1250.0, 100.0, 1300.0],  # 8 ms
        "pillow": [50.0, 200.0, 250.0],  # 50 ms
        "impasto + step": [160.0, 10.0, 170.0],
        "pillow + step": [100.0, 80.0, 900.0],
    }
    rows = tuple(Row(name, name, 0, [], rounds=rounds) for name, rounds in rates.items())
    found = train_step.run(TrainStepTiming(preset="tiny", images=16, width=64, height=48, batch_size=8, rounds=1))
    told = replace(
        found, rows=rows, waits={"impasto": [0.9, 0.1, 0.2]}, settings={"batch_size": 10, "seed": 0}
    ).as_dict()
    assert told["milliseconds"]["step"] == 50
    assert told["loader_share"] == {"impasto": pytest.approx(10 / 60, abs=1e-4), "pillow": 0.5}
    assert told["mixgen_share"] == pytest.approx(2 / 58, abs=1e-4)
    assert told["ratio"] == 1.6
    assert (told["waiting"], told["waits"]) == ({"impasto": 0.2}, {"impasto": [0.9, 0.1, 0.2]})
    measured = json.loads(json.dumps(found.as_dict()))
    assert measured["milliseconds"].keys() == rates.keys()
    assert measured["waiting"].keys() == {"impasto", "pillow"}
    assert measured["answers"]["images"] == 16
    assert isinstance(found, TrainStepBench)


def test_a_step_of_fixed_time_leaves_the_core_to_loaders() -> None:
    settings = TrainStepTiming(preset="base", pace=300, images=8, width=64, height=48, batch_size=8, rounds=2)
    found = train_step.run(settings)
    told = found.as_dict()
    assert told["milliseconds"]["step"] < 100, "of CPU time"
    assert told["loader_share"]["impasto"] == pytest.approx(told["milliseconds"]["impasto"] / 300, abs=1e-3)
    assert (told["ratio"], told["parameters"]) == (None, 0)
    fed = next(row for row in found.rows if row.name == "impasto + step" and row.workers == 1)
    assert max(fed.rounds) < 8 / 0.3, "images a second, of wall-clock time"
    assert "a step of 300 ms" in shown(found).title
    with pytest.raises(RecipeError, match="pace=-1"):
        TrainStepTiming(pace=-1)
