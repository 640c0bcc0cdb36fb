"""What a sample's facts tell."""

from __future__ import annotations

from typing import Any

from impasto.errors import RecipeError
from impasto_lab.worlds.formats.sample import Sample


def told_of(sample: Sample, what: str, number: int, world: str) -> list[dict[str, Any]]:
    """What is asked or said of a sample.

    Args:
        sample: The sample.
        what: The fact's name.
        number: The sample's, for messages.
        world: Likewise.

    Raises:
        RecipeError: If the sample has no such fact.
    """
    if what not in sample.facts:
        raise RecipeError(f"sample {number} of {world} has no fact {what!r}; write another format")
    found: list[dict[str, Any]] = sample.facts[what]
    return found
