"""What language is made of: a scene's things, by what is one of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from impasto_lab.worlds.scenes import Thing


def things_of(facts: Mapping[str, Any]) -> list[Thing]:
    """The things of a scene's facts."""
    names = [one.name for one in fields(Thing)]
    return [Thing(**{name: fact[name] for name in names}) for fact in facts["things"]]


def single(things: list[Thing], attribute: str) -> list[Thing]:
    """The things that are alone in an attribute: the only star, the only red one."""
    counts = Counter(getattr(one, attribute) for one in things)
    return [one for one in things if counts[getattr(one, attribute)] == 1]


def article(noun: str) -> str:
    """The noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
