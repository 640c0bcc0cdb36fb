"""How much of a batch is stylized: unaugmented to augmented images, as Jackson et al. (2019) count them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.checks import is_number, require

#: ``"2:1"``, ``(2, 1)``, or the augmented share, 1 / 3.
Ratio = str | float | tuple[float, float]


def share(ratio: Ratio) -> float:
    """The share of a batch that is augmented.

    Args:
        ratio: Unaugmented to augmented images: ``"2:1"`` or ``(2, 1)``; or the augmented share itself, in [0, 1].

    Raises:
        RecipeError: If it is none of these.

    >>> share("16:1"), share((1, 3)), share("0:1"), share(0.25)
    (0.058823529411764705, 0.75, 1.0, 0.25)
    """
    hint = f"ratio={ratio!r} must be unaugmented:augmented, such as '2:1' or (2, 1), or the augmented share in [0, 1]"
    if is_number(ratio):
        value = float(ratio)  # type: ignore[arg-type]
        require(0 <= value <= 1, hint)
        return value
    parts = ratio.split(":") if isinstance(ratio, str) else ratio
    require(isinstance(parts, list | tuple) and len(parts) == 2, hint)
    try:
        plain, augmented = (float(part) for part in parts)  # type: ignore[union-attr]
    except (TypeError, ValueError):
        plain = augmented = -1.0
    require(plain >= 0 and augmented >= 0 and 0 < plain + augmented < float("inf"), hint)
    return augmented / (plain + augmented)


def choose(count: int, share: float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draws rows of a batch, each with the same probability.

    Args:
        count: Rows in the batch, B.
        share: The share to choose.
        rng: Draws them.

    Returns:
        [M] int64, ascending; M is ``B * share`` rounded up or down at random, so that its mean is ``B * share``.
    """
    wanted = count * share
    chosen = int(wanted) + int(rng.random() < wanted - int(wanted))
    if chosen >= count:
        return np.arange(count)
    return np.sort(rng.permutation(count)[:chosen])
