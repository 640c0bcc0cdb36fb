"""Verdicts from paired seeds; SciPy's paired t-test is the oracle of the interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from impasto_lab.experiments import Claim, Piece
from impasto_lab.experiments.verdicts import judge, paired

CLAIM = Claim(better="mixed", worse="plain", metric="rsum")


def _results(plain: list[float], mixed: list[float]) -> dict[Piece, dict[str, float]]:
    rows = {Piece("plain", seed): {"rsum": value} for seed, value in enumerate(plain)}
    return rows | {Piece("mixed", seed): {"rsum": value} for seed, value in enumerate(mixed)}


@pytest.mark.parametrize("count", [2, 3, 8, 20])
def test_the_interval_is_that_of_a_paired_t_test(count: int) -> None:
    draw = np.random.default_rng(count)
    plain, mixed = draw.normal(50, 5, count), draw.normal(53, 5, count)
    mean, (low, high), _ = paired((mixed - plain).tolist())
    expected = stats.ttest_rel(mixed, plain).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high))
    assert mean == pytest.approx((mixed - plain).mean())


def test_the_detectable_difference_is_found_four_times_in_five() -> None:
    """Simulated: with a true difference of that size, about 80 % of runs have an interval above zero."""
    draw, count = np.random.default_rng(0), 8
    wide, power = stats.t.ppf(0.975, count - 1), stats.t.ppf(0.8, count - 1)
    true = (wide + power) / math.sqrt(count)  # of differences that spread by 1
    runs = draw.normal(true, 1.0, (2000, count))
    found = np.mean([paired(run.tolist())[1][0] > 0 for run in runs])
    assert 0.72 < found < 0.88


def test_three_words() -> None:
    assert judge(CLAIM, _results([50, 52, 51], [60, 61.5, 61])).word == "agrees"
    assert judge(CLAIM, _results([60, 61.5, 61], [50, 52, 51])).word == "disagrees"
    assert judge(CLAIM, _results([50, 52, 51], [40, 66, 52])).word == "undecided"
    far = Claim(better="mixed", worse="plain", metric="rsum", least=20.0)
    assert judge(far, _results([50, 52, 51], [60, 61.5, 61])).word == "undecided"


def test_one_pair_decides_nothing_and_none_is_no_verdict() -> None:
    one = judge(CLAIM, _results([50], [70]))
    assert (one.word, one.seeds, one.as_dict()["interval"], one.as_dict()["detectable"]) == ("undecided", 1, None, None)
    assert judge(CLAIM, {Piece("plain", 0): {"rsum": 1.0}, Piece("mixed", 1): {"rsum": 2.0}}) is None
    other = Claim(better="mixed", worse="plain", metric="of other data")
    assert judge(other, _results([50, 52], [60, 61])) is None
