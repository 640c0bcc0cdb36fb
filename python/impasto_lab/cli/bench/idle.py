"""Flags that say nothing beside others."""

from __future__ import annotations

from collections.abc import Iterable

from impasto.checks import require


def refuse(names: Iterable[str], why: str) -> None:
    """Refuses flags that would be passed over.

    Args:
        names: Of the flags that were given and say nothing.
        why: What makes them say nothing.

    Raises:
        RecipeError: If there are some.
    """
    idle = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(names))
    require(not idle, f"{idle}: {why}; leave out the one or the other")
