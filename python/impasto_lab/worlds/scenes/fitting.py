"""Whether a caption fits a scene that it was not written for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from impasto_lab.worlds.scenes.vocabulary import COLORS, GROUNDS, SHAPES, TEXTURES

_NUMBERS = {"a": 1, "an": 1, "a single": 1, "one": 1, "two": 2, "three": 3, "four": 4}
_OTHERS = {"another shape": 1, "two other shapes": 2, "three other shapes": 3}
_SIZES = {"small": "small", "medium-sized": "medium", "large": "large"}


def _any(words: Iterable[str]) -> str:
    # The longest first: "crescent moon" before "crescent".
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


#: The shape that each word names, singular and plural.
_NAMED = {word: shape for shape, pairs in SHAPES.items() for pair in pairs for word in pair}
_BEFORE = {before: texture for texture, (before, _) in TEXTURES.items() if before}
_AFTER = {after: texture for texture, (_, after) in TEXTURES.items() if after}
_ON = {phrase: ground for ground, phrases in GROUNDS.items() for phrase in phrases}
_THING = re.compile(
    rf"\b(?:({_any(_SIZES)}) )?(?:({_any(_BEFORE)}) )?({_any(COLORS)}) ({_any(_NAMED)})\b(?: ({_any(_AFTER)}))?"
)
_COUNT = re.compile(rf"\b({_any(_NUMBERS)}) ({_any(_NAMED)})\b")
_TOTAL = re.compile(r"\b(two|three|four) (?:shapes|objects)\b")
_GROUND = re.compile(rf"(?<!\w)({_any(_ON)})(?!\w)")
_TERSE = re.compile(rf"^({_any(GROUNDS)}), ")


def fits(caption: str, facts: Mapping[str, Any]) -> bool:
    """Whether all that a caption says of things, numbers and ground is true of a scene.

    What it says of places (left of, in the middle) is not looked at, so some captions are said to fit that do not;
    one that is true of a scene always fits it.

    Args:
        caption: One of this world's.
        facts: The scene's, as `impasto_lab.worlds.scenes.samples` tells them.
    """
    things = facts["things"]
    for size, before, color, name, after in _THING.findall(caption):
        wanted = {"color": color, "shape": _NAMED[name]}
        wanted |= {"size": _SIZES[size]} if size else {}
        texture = _BEFORE.get(before) or _AFTER.get(after)
        wanted |= {"texture": texture} if texture else {}
        if not any(all(thing[key] == value for key, value in wanted.items()) for thing in things):
            return False
    shapes = [thing["shape"] for thing in things]
    if any(shapes.count(_NAMED[name]) != _NUMBERS[number] for number, name in _COUNT.findall(caption)):
        return False
    totals = [_NUMBERS[number] for number in _TOTAL.findall(caption)]
    totals += [1 + more for words, more in _OTHERS.items() if re.search(rf"\b{words}\b", caption)]
    totals += [1] if "a single " in caption or "nothing else" in caption else []
    if any(len(things) != total for total in totals):
        return False
    grounds = {_ON[phrase] for phrase in _GROUND.findall(caption)} | set(_TERSE.findall(caption))
    return grounds <= {facts["background"]}
