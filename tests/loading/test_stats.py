"""Where a loader's time goes: counted by stage, told in one line, in threads and processes alike."""

from __future__ import annotations

import json
import time

import pytest

from impasto import ImageRecipe, Loader, Recipe
from impasto.loading.running.work import STAGES, Cost
from impasto.loading.stats import Stats, Tally
from impasto.sources import Sequence

WAYS = [{"workers": 0}, {"workers": 2}, {"workers": 2, "processes": True}]


class Slow(Sequence):
    """A source that takes 5 ms for a batch's rows."""

    def gather(self, ids):
        time.sleep(0.005)
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
    assert stats.bytes_read == sum(len(open(path, "rb").read()) for path, _ in files)
    assert stats.binds in (*STAGES, "step") and stats.binds in stats.advice
    assert json.loads(json.dumps(stats.as_dict()))["advice"] == stats.advice


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_what_takes_long_binds(files, recipe, options):
    """Reading in Python, a transform, and a step that takes its time; the sums are what was slept."""
    stats, batches = after_an_epoch(Slow(files), recipe, **options)
    assert stats.binds == "read" and stats.stages["read"] > 0.005 * len(batches)
    stats, batches = after_an_epoch(Sequence(files), recipe, transform=_slowly, **options)
    assert stats.binds == "transform" and stats.stages["transform"] > 0.002 * 60
    assert "transform-bound" in str(stats) and "x less time" in stats.advice


def _slowly(image, rng):
    time.sleep(0.002)
    return image


@pytest.mark.parametrize("options", WAYS[1:], ids=str)
def test_a_slow_step_binds_and_batches_lie_ready(files, recipe, options):
    loader = Loader(Sequence(files), recipe, batch_size=4, prefetch=2, **options)
    for _ in loader:
        time.sleep(0.06)
    stats = loader.stats()
    assert stats.binds == "step" and "keeps up" in stats.advice
    ahead = 2 if not options.get("processes") else 4
    assert ahead / 2 < stats.queue <= ahead + 1  # at least half of what may be made ahead, on average
    assert stats.seconds > 0.06 * 13


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
    assert stats.queue == pytest.approx((1 + 2 + 8 * 3) / 10)
    assert stats.busy == pytest.approx(0.5 + 0.5)
    assert stats.shares["decode"] == pytest.approx(0.75) and stats.binds == "decode"
    assert "4.0x less time" in stats.advice


def test_before_a_batch_there_is_nothing_to_say(files, recipe):
    loader = Loader(Sequence(files), recipe, batch_size=4)
    assert "too few" in str(loader.stats()) and loader.stats().binds is None
    next(iter(loader))
    assert loader.stats().batches == 1 and loader.stats().advice.startswith("1 batches are too few")


def test_idle_cpus_are_told_first():
    stats = Stats(9, 90, 10.0, 9.0, 0.1, {"decode": 5.0, "read": 5.0}, 0, busy=1.2, cpus=8, queue=0.0, workers=1)
    assert stats.advice.endswith("6.8 of 8 CPUs are idle: raise workers=1 first")


def test_each_iteration_counts_its_own(files):
    loader = Loader(Sequence(files), Recipe(image=ImageRecipe(size=8), text=None), batch_size=10)
    one, other = iter(loader), iter(loader)
    next(one), next(one), next(other)
    assert (one.stats().batches, other.stats().batches, loader.stats().batches) == (2, 1, 1)
