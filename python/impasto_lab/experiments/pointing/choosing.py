"""Which expressions and questions are shown: by a rule, so that nobody picks."""

from __future__ import annotations

from collections.abc import Sequence

#: What is shown, in this order: whether it was right without MixGen, and with it.
KINDS: dict[str, tuple[bool, bool]] = {
    "with MixGen alone": (False, True),
    "without it alone": (True, False),
    "by both": (True, True),
    "by neither": (False, False),
}


def choose(without: Sequence[bool | None], within: Sequence[bool | None], *, each: int = 2) -> dict[str, list[int]]:
    """The first of each kind, successes and failures alike, in the data's order.

    Args:
        without: Whether the model without MixGen was right; None leaves one out.
        within: Whether the model with it was, of the same expressions or questions.
        each: Of each kind, at most.

    Returns:
        By kind: their numbers.
    """
    found: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for number, hits in enumerate(zip(without, within, strict=True)):
        kind = next((kind for kind, wanted in KINDS.items() if wanted == hits), None)
        if kind is not None and len(found[kind]) < each:
            found[kind].append(number)
    return found
