"""What a linear probe reads off embeddings."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from impasto.checks import require
from impasto.streams import stream

#: Parts that a probe is tested on in turn, which is also the fewest samples of a class.
FOLDS = 5


class Probe(NamedTuple):
    """What a probe finds, in per cent.

    Attributes:
        score: Accuracy, or the area under the ROC curve.
        chance: The same of a probe that sees nothing.
    """

    score: float
    chance: float


def probe_classes(
    features: npt.NDArray[np.floating[Any]], classes: npt.ArrayLike, *, seed: int = 0, groups: npt.ArrayLike = ()
) -> Probe | None:
    """How often a logistic regression names the class of what it was not fitted to, in five parts in turn.

    Args:
        features: [N, D].
        classes: [N] of any kind; those with fewer than five members are left out.
        seed: Of the parts.
        groups: [N] what must not be on both sides, such as captions of one image; none keeps rows apart only.

    Returns:
        The accuracy, with the share of the most frequent class; None if fewer than two classes are left.

    Raises:
        RecipeError: If shapes don't fit.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = np.asarray(classes)
    require(features.ndim == 2 and labels.shape == features.shape[:1], "a probe needs one class for each row")
    names, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    apart = _apart(groups, len(labels))
    members = np.array([len(np.unique(apart[numbers == one])) for one in range(len(names))])
    kept = (members >= FOLDS)[numbers]
    if (members >= FOLDS).sum() < 2:
        return None
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    parts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    told = cross_val_predict(probe, features[kept], numbers[kept], cv=parts, groups=apart[kept])
    usual = counts[members >= FOLDS].max() / kept.sum()
    return Probe(100 * float((told == numbers[kept]).mean()), 100 * float(usual))


def probe_presence(
    features: npt.NDArray[np.floating[Any]],
    present: npt.NDArray[np.bool_],
    *,
    seed: int = 0,
    groups: npt.ArrayLike = (),
) -> Probe | None:
    """How well a linear regression tells whether each of several things is there, in five parts in turn.

    All things are fitted at once, by ridge regression: a logistic one for each takes a hundred times as long.

    Args:
        features: [N, D].
        present: [N, A] whether each thing is there; those that are there, or not, fewer than five times are left out.
        seed: Of the parts.
        groups: As in `probe_classes`.

    Returns:
        The area under the ROC curve, the mean over things and over parts that have both; None if no thing is left.

    Raises:
        RecipeError: If shapes don't fit.
    """
    from sklearn.linear_model import Ridge
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    require(features.ndim == present.ndim == 2 and len(features) == len(present), "a probe needs a row for each row")
    apart = _apart(groups, len(present))
    often = [
        thing
        for thing, there in enumerate(present.T)
        if min(len(np.unique(apart[there])), len(np.unique(apart[~there]))) >= FOLDS
    ]
    areas: dict[int, list[float]] = {}
    members = stream(seed, "parts of a probe").permutation(np.unique(apart))
    for part in np.array_split(members, FOLDS) if often else ():
        tested = np.isin(apart, part)
        # As much as a tenth of the features' variance is added, however many rows there are.
        probe = make_pipeline(StandardScaler(), Ridge(alpha=0.1 * float((~tested).sum())))
        probe.fit(features[~tested], present[~tested][:, often].astype(np.float64))
        scores = probe.predict(features[tested]).reshape(-1, len(often))
        for thing, column in zip(often, scores.T, strict=True):
            if len(np.unique(present[tested, thing])) == 2:
                areas.setdefault(thing, []).append(float(roc_auc_score(present[tested, thing], column)))
    return Probe(100 * float(np.mean([np.mean(one) for one in areas.values()])), 50.0) if areas else None


def _apart(groups: npt.ArrayLike, rows: int) -> npt.NDArray[Any]:
    """What each row must not be parted from; by default each stands alone."""
    given = np.asarray(groups)
    return given if len(given) else np.arange(rows)
