"""Where a loader's time goes: counted by stage, told in one line, in threads and processes alike."""

from __future__ import annotations

import json
import pickle
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto import ImageRecipe, Loader, Recipe
from impasto.loading.running.work import STAGES, Cost
from impasto.loading.stats import Stats, Tally
from impasto.sources import Sequence

WAYS = [{"workers": 0}, {"workers": 2}, {"workers": 2, "processes": True}]


PLAIN = Recipe(image=ImageRecipe(size=16), text=None)


class Slow(Sequence):
    """A source that takes 20 ms for a batch's rows."""

    def gather(self, ids):
        time.sleep(0.02)
        return super().gather(ids)


@pytest.fixture(scope="module")
def files(pairs):
    return [(str(path), captions) for path, captions in pairs]


def after_an_epoch(data, recipe, **options):
    loader = Loader(data, recipe, batch_size=4, **options)
    batches = list(loader)
    return loader.stats(), batches


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_every_stage_is_counted(files, recipe, options):
    stats, batches = after_an_epoch(Sequence(files), recipe, **options)
    assert stats.batches == len(batches) == 15 and stats.samples == 60
    assert set(stats.stages) == set(STAGES)
    worked = {name for name, seconds in stats.stages.items() if seconds > 0}
    assert worked >= {"read", "decode", "resize", "mix", "tokenize", "collect"}
    assert sum(stats.shares.values()) == pytest.approx(1) and 0 <= stats.waited <= 1
    assert stats.bytes_read == sum(Path(path).stat().st_size for path, _ in files)
    assert stats.binds in (*STAGES, "step") and stats.binds in stats.advice
    assert json.loads(json.dumps(stats.as_dict()))["advice"] == stats.advice


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_what_takes_long_binds(files, options):
    """Reading in Python, a transform, and a step that takes its time; the sums are what was slept."""
    stats, _ = after_an_epoch(Slow(files), PLAIN, **options)
    assert stats.binds == "read" and stats.stages["read"] > 0.02 * 14
    stats, _ = after_an_epoch(Sequence(files), PLAIN, transform=_slowly, **options)
    assert stats.binds == "transform" and stats.stages["transform"] > 0.01 * 56
    assert "transform-bound" in str(stats) and "x less time" in stats.advice


def _slowly(image, rng):
    time.sleep(0.01)
    return image


@pytest.mark.parametrize("options", WAYS[1:], ids=str)
def test_batches_lie_ready_where_the_step_is_slow(files, recipe, options):
    loader = Loader(Sequence(files), recipe, batch_size=10, prefetch=2, **options)
    for _ in loader:
        time.sleep(0.15)
    stats = loader.stats()
    assert stats.seconds > 0.15 * 5 and 0 < stats.queue <= 2 * 2 + 1  # as many as may be made ahead


def cost(finished, cpu=0.0, **stages):
    return Cost(dict.fromkeys(STAGES, 0.0) | stages, 10, 100, cpu, finished)


def test_arithmetic(monkeypatch):
    """A batch a second, each of which waited 3 s to be taken, but for the first: three lie ready on average."""
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "process_time", lambda: clock[0] / 2)
    tally = Tally(workers=3)
    for number in range(11):
        tally.ask()
        clock[0] += 0.25 if number else 7.0
        tally.give(cost(max(7.0, clock[0] - 3.0), cpu=0.5, decode=0.6, read=0.2))
        clock[0] += 0.75
    stats = tally.stats()
    assert (stats.batches, stats.samples, stats.first) == (11, 110, 7.0)
    assert stats.seconds == pytest.approx(10.0) and stats.wait == pytest.approx(2.5)
    assert stats.samples_per_second == pytest.approx(10.0) and stats.waited == pytest.approx(0.25)
    # Three lay ready when the first was there: seven were made in the seven seconds since.
    assert (stats.made, stats.making) == (70, 7.0)
    assert stats.queue == pytest.approx((1 + 2 + 8 * 3) / 10)
    assert stats.busy == pytest.approx(0.5 + 0.5 * 7 / 10)
    assert stats.shares["decode"] == pytest.approx(0.75) and stats.binds == "decode"
    assert "4.0x less time" in stats.advice
    ready = replace(stats, wait=0.4)
    assert ready.binds == "step" and "step-bound: 4% of the time" in ready.advice and "keeps up" in ready.advice


def test_before_a_batch_there_is_nothing_to_say(files, recipe):
    loader = Loader(Sequence(files), recipe, batch_size=4)
    assert "too few" in str(loader.stats()) and loader.stats().binds is None
    next(iter(loader))
    assert loader.stats().batches == 1 and loader.stats().advice.startswith("1 batches are too few")
    assert "no rate was measured" in str(loader.stats()) and "a second" not in str(loader.stats())


def test_smaller_images_are_tried_on_ones_own_when_somebody_asks(photographs, encode, monkeypatch):
    from impasto.loading.parts import storing

    tried = []
    own = storing._stored
    monkeypatch.setattr(storing, "_stored", lambda data, recipe: tried.append(data) or own(data, recipe))
    large = encode(np.tile(photographs["coffee"], (2, 2, 1)), quality=95)
    data = Sequence([(large, "large"), (b"no image", "broken")] * 8)
    loader = Loader(data, PLAIN, batch_size=2, workers=1, on_error="replace", budget=1, manifest=None)
    list(loader)
    stats = loader.stats()
    assert not tried and stats.samples_per_second > 0
    stored = stats.stored_smaller
    assert (stored.images, stored.short_side) == (8, 800) and stored.cost < 0.7
    assert stored.kilobytes[1] < stored.kilobytes[0] / 4
    assert loader.stats().stored_smaller is stored and len(tried) == 1
    # All of the workers' time but what doesn't go to images.
    half = replace(stats, stages={"decode": 3.0, "mix": 3.0}, wait=stats.seconds, cpus=1, try_smaller=lambda: stored)
    assert half.faster == pytest.approx(2 / (1 + stored.cost))
    assert f"pack at short side 256 for {half.faster:.1f}x (by CPU time of 8 of these images" in half.advice
    idle = replace(half, cpus=9)
    assert idle.advice.endswith(
        f"raise workers=1 first, then pack at short side 256 for {half.faster:.1f}x ({half.advice.rpartition('(')[2]}"
    )
    mixing = replace(half, stages={"decode": 1.0, "mix": 3.0})
    assert "pack at" not in mixing.advice
    assert pickle.loads(pickle.dumps(stats)).stored_smaller == stored
    assert json.loads(json.dumps(stats.as_dict()))["made"] == stats.made


def test_idle_cpus_are_told_first():
    told = {"decode": 5.0, "read": 5.0}
    stats = Stats(9, 90, 10.0, 9.0, 0.1, 80, 10.0, told, 0, busy=1.2, cpus=8, queue=0.0, workers=1)
    assert stats.advice.endswith("6.8 of 8 CPUs are idle: raise workers=1 first")
    for binds in ("transform", "collect"):
        alone = replace(stats, stages={binds: 10.0}, workers=0)
        assert "raise workers" not in alone.advice and "processes=True" in alone.advice
        assert "raise workers=1" in replace(alone, workers=1).advice


def test_waiting_is_no_work_for_more_workers():
    """Of ninety samples eighty were made in ten seconds, with half a second of CPU time; reading took nine."""
    told = {"read": 9.0, "decode": 0.01}
    stats = Stats(9, 90, 10.0, 9.0, 0.1, 80, 10.0, told, 0, busy=0.05, cpus=2, queue=0.0, workers=0, source="Slow")
    assert stats.advice == (
        "read-bound: 100% of the workers' time goes there, at least 94% of it waiting for what Slow reads from (disk, "
        "network, Python code). Remedy: put the data on a faster disk, or into shards; "
        "more workers help where storage answers several at once; Python code is asked by one thread alone, unless "
        "processes=True"
    )
    computing = replace(stats, busy=0.9)
    assert "waiting" not in computing.advice and "raise workers=0" in computing.advice
    assert Loader(Slow([("a.jpg", "x")]), PLAIN, batch_size=1).stats().source == "Slow"


def test_each_iteration_counts_its_own(files):
    loader = Loader(Sequence(files), PLAIN, batch_size=10)
    one, other = iter(loader), iter(loader)
    next(one), next(one), next(other)
    assert (one.stats().batches, other.stats().batches, loader.stats().batches) == (2, 1, 1)
