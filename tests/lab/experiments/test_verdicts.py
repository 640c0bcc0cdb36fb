"""Verdicts from paired seeds; SciPy's paired t-test is the oracle of the interval."""

from __future__ import annotations

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


@pytest.mark.parametrize("count", [20, 200])
def test_what_could_show_shows_four_times_of_five(count: int) -> None:
    """By the noncentral t distribution, which the sum of two quantiles comes near."""
    differences = np.random.default_rng(0).normal(0, 3, count)
    _, _, detectable = paired(differences.tolist())
    shift = detectable / (np.std(differences, ddof=1) / np.sqrt(count))
    found = 1 - stats.nct.cdf(stats.t.ppf(0.975, count - 1), count - 1, shift)
    assert found == pytest.approx(0.8, abs=0.02)


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
