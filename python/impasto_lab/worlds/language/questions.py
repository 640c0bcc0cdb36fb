"""Questions about a scene, answered by ten people of whom some err."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from impasto.streams import pick, shuffled
from impasto_lab.worlds.language.things import article, single, things_of
from impasto_lab.worlds.scenes.plan import Thing, relation
from impasto_lab.worlds.scenes.vocabulary import BACKGROUNDS, COLORS, SHAPES

#: People of ten who give the right answer in the same words, at least: more than the four that make a full point.
_AGREED = 6
_WORDS = {"1": "one", "2": "two", "3": "three", "4": "four"}
#: A question, its first words, the kind of its answer, and the answer.
_Asked = tuple[str, str, str, str]


def ask(facts: Mapping[str, Any], rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    """Questions of different kinds about a scene, as `VqaWriter` takes them.

    Args:
        facts: The scene's.
        rng: Their stream.
        count: Of the questions, at most.
    """
    things = things_of(facts)
    found = []
    for kind in shuffled(rng, list(_KINDS)):
        asked = kind(things, facts["background"], rng)
        if asked is not None:
            question, first, answer_type, right = asked
            answers = _people(right, answer_type, rng)
            kinds = {"question_type": first, "answer_type": answer_type, "right": right}
            found.append({"question": question, "answers": answers, **kinds})
    return found[:count]


def _color(things: list[Thing], ground: str, rng: np.random.Generator) -> _Asked | None:
    del ground
    alone = single(things, "shape")
    return (
        (f"What color is the {(one := pick(rng, alone)).shape}?", "what color is the", "other", one.color)
        if alone
        else None
    )


def _shape(things: list[Thing], ground: str, rng: np.random.Generator) -> _Asked | None:
    del ground
    alone = single(things, "color")
    return (
        (f"What is the {(one := pick(rng, alone)).color} thing?", "what is the", "other", one.shape) if alone else None
    )


def _ground(things: list[Thing], ground: str, rng: np.random.Generator) -> _Asked | None:
    del things, rng
    return "What is the ground made of?", "what is the", "other", ground


def _count(things: list[Thing], ground: str, rng: np.random.Generator) -> _Asked | None:
    del ground, rng
    return "How many shapes are there?", "how many", "number", str(len(things))


def _there(things: list[Thing], ground: str, rng: np.random.Generator) -> _Asked | None:
    del ground
    there = {(one.color, one.shape) for one in things}
    wanted = pick(rng, sorted(there)) if rng.random() < 0.5 else (pick(rng, list(COLORS)), pick(rng, list(SHAPES)))
    answer = "yes" if wanted in there else "no"
    return f"Is there {article(' '.join(wanted))}?", "is there a", "yes/no", answer


def _beside(things: list[Thing], ground: str, rng: np.random.Generator) -> _Asked | None:
    del ground
    pairs = [(a, b, where) for a in single(things, "shape") for b in single(things, "shape") if (where := _side(a, b))]
    if not pairs:
        return None
    first, second, where = pick(rng, pairs)
    told = pick(rng, ["left", "right"])
    answer = "yes" if told == where else "no"
    return f"Is the {first.shape} {told} of the {second.shape}?", "is the", "yes/no", answer


def _side(first: Thing, second: Thing) -> str | None:
    where = relation(first, second) if first is not second else None
    return where if where in ("left", "right") else None


_KINDS: tuple[Callable[[list[Thing], str, np.random.Generator], _Asked | None], ...] = (
    _color,
    _shape,
    _ground,
    _count,
    _there,
    _beside,
)


def _people(right: str, answer_type: str, rng: np.random.Generator) -> list[str]:
    """Ten answers: most are right, some are said otherwise, some are wrong."""
    agreed = int(rng.integers(_AGREED, 11))
    pools = {"yes/no": ["yes", "no"], "number": list(_WORDS), "other": [*COLORS, *SHAPES, *BACKGROUNDS]}
    others = [one for one in pools[answer_type] if one != right]
    spelled = [f"{right}.", _WORDS.get(right, f"the {right}" if answer_type == "other" else right)]
    rest = [pick(rng, spelled) if rng.random() < 0.5 else pick(rng, others) for _ in range(10 - agreed)]
    return shuffled(rng, [right] * agreed + rest)
