"""Which captions are shown: by a rule, so that nobody picks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: What is shown, in this order.
KINDS = ("largest gain", "median change", "largest loss")


def choose(before: npt.NDArray[np.integer], after: npt.NDArray[np.integer], *, each: int = 2) -> dict[str, list[int]]:
    """Captions whose image rose most, fell most, and those in the middle.

    Args:
        before: [M] ranks of the true images, from 0.
        after: [M] the same of the other model.
        each: Captions of each kind, at most.

    Returns:
        By kind: numbers of captions. Of equal changes the first come first; one without a change is no gain and no
        loss.
    """
    gained = before.astype(np.int64) - after
    order = np.argsort(-gained, kind="stable").tolist()
    middle = max((len(order) - each) // 2, 0)
    return {
        "largest gain": [row for row in order[:each] if gained[row] > 0],
        "median change": order[middle : middle + each],
        "largest loss": [row for row in order[: -each - 1 : -1] if gained[row] < 0],
    }
