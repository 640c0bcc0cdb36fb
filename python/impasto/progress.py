"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

#: Called with what is done and what there is to do, in the units of the work.
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Tells nobody."""
