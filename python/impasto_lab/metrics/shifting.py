"""How far two domains are from each other, and what a network loses or follows when they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from impasto.checks import require

#: Parts that a probe is tested on in turn.
_FOLDS = 5


def shape_bias(
    named: npt.NDArray[np.int64], *, shapes: npt.NDArray[np.int64], looks: npt.NDArray[np.int64]
) -> float | None:
    """Of cue-conflict images that are called by their shape or by their look, the share by their shape, in per cent.

    Geirhos et al. 2019 (arXiv 1811.12231). It describes what a network follows; it does not say that it is better.

    Args:
        named: [N] what each is called.
        shapes: [N] the class of its shape.
        looks: [N] the class of its look; -1 where it is no class's.

    Returns:
        The share; None if none is called by either.
    """
    by_shape, by_look = int((named == shapes).sum()), int(((named == looks) & (looks >= 0)).sum())
    return 100 * by_shape / (by_shape + by_look) if by_shape + by_look else None


def mean_corruption_error(errors: Mapping[str, Sequence[float]], baseline: Mapping[str, Sequence[float]]) -> float:
    """The mean over corruptions of a network's error, relative to a baseline's, in per cent.

    mCE of Hendrycks and Dietterich 2019 (arXiv 1903.12261, section 4.2): of each corruption, the sum of the errors over
    severities is divided by the baseline's.

    Args:
        errors: By corruption, the error at each severity.
        baseline: The same of the network that is compared with.

    Raises:
        RecipeError: If they don't hold the same corruptions, or the baseline makes no error.
    """
    require(set(errors) == set(baseline), "both networks need errors under the same corruptions")
    for name, values in baseline.items():
        require(sum(values) > 0, f"the baseline makes no error under {name!r}; there is nothing to compare with")
    return 100 * float(np.mean([sum(errors[name]) / sum(baseline[name]) for name in errors]))


def a_distance(source: npt.NDArray[np.float32], target: npt.NDArray[np.float32], *, seed: int = 0) -> float:
    """How well a linear probe tells two domains apart: 0 if not at all, 2 if always.

    The proxy A-distance 2 (1 - 2 e) of Ben-David et al. 2007, with the error e that a logistic regression makes on
    features that it was not fitted to, in five parts in turn. Below 0, by chance, it is 0.

    Args:
        source: [N, D] features.
        target: [M, D] features.
        seed: Of the parts.

    Raises:
        RecipeError: If there are fewer than ten of either, or their features differ in number.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    _check(source, target)
    # As many of both, or a probe could say the more frequent one.
    few = min(len(source), len(target))
    rng = np.random.default_rng(seed)
    parts = [part[rng.permutation(len(part))[:few]] for part in (source, target)]
    features, domains = np.concatenate(parts), np.repeat([0, 1], few)
    wrong = 0
    for fitted, tested in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(features, domains):
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        probe.fit(features[fitted], domains[fitted])
        wrong += int((probe.predict(features[tested]) != domains[tested]).sum())
    return max(2 * (1 - 2 * wrong / len(features)), 0.0)


def mmd(source: npt.NDArray[np.float32], target: npt.NDArray[np.float32], *, bandwidth: float | None = None) -> float:
    """The squared maximum mean discrepancy of two domains, under a Gaussian kernel, without bias.

    Gretton et al. 2012 (JMLR 13, lemma 6). It may fall below 0 where domains are alike.

    Args:
        source: [N, D] features.
        target: [M, D] features.
        bandwidth: The kernel's deviation; by default the median distance of all pairs.

    Raises:
        RecipeError: If there are fewer than ten of either, or their features differ in number.
    """
    _check(source, target)
    both = np.concatenate([source, target]).astype(np.float64)
    norms = (both**2).sum(axis=1)
    squares = np.maximum(norms[:, None] + norms[None, :] - 2 * both @ both.T, 0)  # [N + M, N + M]
    pairs = squares[np.triu_indices(len(both), 1)]
    width = float(np.median(pairs)) if bandwidth is None else bandwidth**2
    require(width > 0, "all features are alike; there is no distance to measure")
    kernel = np.exp(-squares / (2 * width))
    count, other = len(source), len(target)
    within = (kernel[:count, :count].sum() - count) / (count * (count - 1))
    beyond = (kernel[count:, count:].sum() - other) / (other * (other - 1))
    return float(within + beyond - 2 * kernel[:count, count:].mean())


def _check(source: npt.NDArray[np.float32], target: npt.NDArray[np.float32]) -> None:
    shapes = f"{list(source.shape)} and {list(target.shape)}"
    require(source.ndim == target.ndim == 2 and source.shape[1] == target.shape[1], f"features {shapes} don't fit")
    require(min(len(source), len(target)) >= 10, f"features {shapes}: ten of each are the fewest that say something")
