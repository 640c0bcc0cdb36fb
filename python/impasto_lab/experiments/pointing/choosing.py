"""Which expressions are shown: by a rule, so that nobody picks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: What is shown, in this order: whether it was found without MixGen, and with it.
KINDS: dict[str, tuple[bool, bool]] = {
    "found with MixGen alone": (False, True),
    "found without it alone": (True, False),
    "found by both": (True, True),
    "found by neither": (False, False),
}
#: Intersection over union from which an expression counts as found, as in the evaluation.
_ENOUGH = 0.5


def choose(
    without: Sequence[Mapping[str, Any]], within: Sequence[Mapping[str, Any]], *, each: int = 2
) -> dict[str, list[int]]:
    """The first expressions of each kind, successes and failures alike, in the data's order.

    Args:
        without: Results of the model without MixGen, as ``grounding_results.json`` has them.
        within: Those of the model with it, of the same expressions.
        each: Expressions of each kind, at most.

    Returns:
        By kind: numbers of expressions; those that no proposal could answer are left out.
    """
    found: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for number, (one, other) in enumerate(zip(without, within, strict=True)):
        if not one["reachable"]:
            continue
        hits = one["overlap"] >= _ENOUGH, other["overlap"] >= _ENOUGH
        kind = next(kind for kind, wanted in KINDS.items() if wanted == hits)
        if len(found[kind]) < each:
            found[kind].append(number)
    return found
