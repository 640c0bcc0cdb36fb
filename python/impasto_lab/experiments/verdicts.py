"""What paired seeds say about a claim, in three values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from scipy import stats

from impasto.checks import require
from impasto_lab.experiments.experiment import Claim, Piece

Word = Literal["agrees", "disagrees", "undecided"]


@dataclass(frozen=True)
class Verdict:
    """A claim, judged.

    Attributes:
        claim: In words.
        word: ``"agrees"`` if the whole interval lies above what was claimed at least, ``"disagrees"`` if it lies below
            zero, ``"undecided"`` otherwise.
        difference: Mean of the paired differences, better minus worse.
        interval: Its 95 % interval (Student's t).
        seeds: Pairs.
        detectable: The smallest true difference that so many pairs show with a power of 80 %, if they spread as these.
        means: Of the pairs: the worse arm's, the better arm's.
        published: The published differences of the same, by metric.
    """

    claim: str
    word: Word
    difference: float
    interval: tuple[float, float]
    seeds: int
    detectable: float
    means: tuple[float, float]
    published: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it; what is not known (of fewer than two pairs) is None."""
        known = {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in asdict(self).items()}
        low, high = self.interval
        return {**known, "interval": [low, high] if math.isfinite(low) else None, "means": list(self.means)}


def paired(differences: Sequence[float]) -> tuple[float, tuple[float, float], float]:
    """Mean of paired differences, its 95 % interval, and what so many pairs can show.

    Args:
        differences: One for each pair; fewer than two have an infinite interval.

    Returns:
        The mean, the interval (low, high), and the detectable difference (two-sided 5 %, power 80 %).

    >>> mean, (low, high), _ = paired([1.0, 2.0, 3.0])
    >>> mean, round(low, 3), round(high, 3)
    (2.0, -0.484, 4.484)
    """
    count = len(differences)
    require(count > 0, "there are no pairs to compare")
    mean = float(np.mean(differences))
    if count < 2:
        return mean, (-math.inf, math.inf), math.inf
    error = float(np.std(differences, ddof=1)) / math.sqrt(count)
    wide = float(stats.t.ppf(0.975, count - 1))
    power = float(stats.t.ppf(0.8, count - 1))
    return mean, (mean - wide * error, mean + wide * error), (wide + power) * error


def interval(differences: Sequence[float]) -> dict[str, Any]:
    """`paired` as JSON has it: ``difference``, ``interval`` and ``detectable``; None for what one pair can't show."""
    mean, (low, high), detectable = paired(differences)
    known = len(differences) > 1
    return {
        "difference": mean,
        "interval": [low, high] if known else None,
        "detectable": detectable if known else None,
        "each": list(differences),
    }


def judge(claim: Claim, results: Mapping[Piece, Mapping[str, float]]) -> Verdict | None:
    """Judges a claim by the pieces that are done; None where no seed has both arms, or its data don't have the metric.

    Args:
        claim: What was said before.
        results: What was measured.
    """
    seeds = sorted({piece.seed for piece in results})
    pairs = [(Piece(claim.better, seed), Piece(claim.worse, seed)) for seed in seeds]
    both = [
        (results[worse][claim.metric], results[better][claim.metric])
        for better, worse in pairs
        if claim.metric in results.get(better, {}) and claim.metric in results.get(worse, {})
    ]
    if not both:
        return None
    mean, (low, high), detectable = paired([better - worse for worse, better in both])
    means = (float(np.mean([worse for worse, _ in both])), float(np.mean([better for _, better in both])))
    word: Word = "agrees" if low > claim.least else "disagrees" if high < 0 else "undecided"
    return Verdict(str(claim), word, mean, (low, high), len(both), detectable, means)
