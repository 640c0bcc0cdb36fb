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


def choose(
    without: Sequence[bool | None], within: Sequence[bool | None], images: Sequence[str], *, each: int = 2
) -> dict[str, list[int]]:
    """The first of each kind, successes and failures alike, in the data's order, of images that are not there already.

    Args:
        without: Whether the model without MixGen was right; None leaves one out.
        within: Whether the model with it was, of the same expressions or questions.
        images: What each is about; one comes again only where a kind has no other.
        each: Of each kind, at most.

    Returns:
        By kind: their numbers.
    """
    found: dict[str, list[int]] = {kind: [] for kind in KINDS}
    shown: set[str] = set()
    for again in (False, True):
        for number, (image, *hits) in enumerate(zip(images, without, within, strict=True)):
            kind = next((kind for kind, right in KINDS.items() if list(right) == hits), None)
            wanted = kind is not None and len(found[kind]) < each and number not in found[kind]
            if kind is not None and wanted and (again or image not in shown):
                found[kind].append(number)
                shown.add(image)
    return found
