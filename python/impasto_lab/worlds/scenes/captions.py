"""Ways to say what a scene shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from impasto.streams import pick, shuffled
from impasto_lab.worlds.scenes.manner import EACH, Kind
from impasto_lab.worlds.scenes.plan import Scene, Thing, relation
from impasto_lab.worlds.scenes.vocabulary import GROUNDS, RELATIONS, SHAPES, TEXTURES

#: The fewest and the most words of a caption that tells.
_TOLD = (15, 25)

_NUMBERS = ("no", "one", "two", "three", "four")


def describe(scene: Scene, rng: np.random.Generator, kinds: tuple[Kind, ...] = EACH) -> tuple[str, ...]:
    """Captions that are true of a scene, in a random order.

    Args:
        scene: What is described.
        rng: The stream of the wordings.
        kinds: What is said: ``"related"`` relates two things (or places a single one), ``"listed"`` lists all things,
            ``"counted"`` counts, ``"picked"`` picks out a thing, ``"terse"`` is terse, and ``"told"`` lists all things
            and says where some are, in 15 to 25 words. A kind that is there twice gives two wordings.
    """
    said: list[tuple[Kind, str]] = []
    for kind in kinds:
        caption = _KINDS[kind](scene, rng)
        while (kind, caption) in said:
            caption = _KINDS[kind](scene, rng)
        said.append((kind, caption))
    return tuple(shuffled(rng, [caption for _, caption in said]))


def _related(scene: Scene, rng: np.random.Generator) -> str:
    pairs = [
        (first, second, where)
        for first in scene.things
        for second in scene.things
        if first is not second and (where := relation(first, second))
    ]
    ground = pick(rng, GROUNDS[scene.background])
    if not pairs:
        first = pick(rng, scene.things)
        return f"{_a(_noun(first, rng))} {_spot(first)}, {ground}"
    first, second, where = pick(rng, pairs)
    words = pick(rng, RELATIONS[where][0])
    one, other = _a(_noun(first, rng)), _a(_noun(second, rng))
    return pick(
        rng,
        (
            f"{one} {words} {other}",
            f"{one} {words} {other} {ground}",
            f"{one} is {words} {other}",
            f"{ground}, {one} lies {words} {other}",
            f"{other} with {one} {_aside(where)}",
        ),
    )


def _listed(scene: Scene, rng: np.random.Generator) -> str:
    ground = pick(rng, GROUNDS[scene.background])
    things = _joined([_a(_noun(thing, rng)) for thing in shuffled(rng, scene.things)])
    return pick(rng, (f"{things} {ground}", f"{ground}: {things}", f"a picture of {things}", f"{things}"))


def _counted(scene: Scene, rng: np.random.Generator) -> str:
    ground = pick(rng, GROUNDS[scene.background])
    counts = Counter(thing.shape for thing in scene.things)
    kinds = _joined([_several(shape, count, rng) for shape, count in counts.items()])
    total = len(scene.things)
    if total == 1:
        return pick(rng, (f"a single {_name(scene.things[0], rng)} {ground}", f"{kinds} and nothing else, {ground}"))
    return pick(
        rng,
        (
            f"{kinds} {ground}",
            f"{_NUMBERS[total]} shapes {ground}: {kinds}",
            f"there are {_NUMBERS[total]} shapes {ground}, {kinds}",
            f"{_NUMBERS[total]} objects, namely {kinds}",
        ),
    )


def _picked(scene: Scene, rng: np.random.Generator) -> str:
    thing = pick(rng, scene.things)
    noun, ground = _noun(thing, rng), pick(rng, GROUNDS[scene.background])
    others = len(scene.things) - 1
    if not others:
        return pick(rng, (f"there is {_a(noun)} {ground}", f"{_a(noun)} {_spot(thing)}", f"you see {_a(noun)}"))
    rest = "another shape" if others == 1 else f"{_NUMBERS[others]} other shapes"
    return pick(
        rng,
        (
            f"{_a(noun)} {_spot(thing)} and {rest}",
            f"{_a(noun)} among other shapes {ground}" if others > 1 else f"{_a(noun)} and {rest} {ground}",
            f"there is {_a(noun)} {_spot(thing)}",
        ),
    )


def _terse(scene: Scene, rng: np.random.Generator) -> str:
    names = [f"{thing.color} {_name(thing, rng)}" for thing in shuffled(rng, scene.things)]
    return pick(rng, (", ".join(names), f"{scene.background}, {', '.join(names)}", _joined(names)))


def _told(scene: Scene, rng: np.random.Generator) -> str:
    """Lists all things on their ground, and goes on about one or the other until there are words enough."""
    fewest, most = _TOLD
    ground = pick(rng, GROUNDS[scene.background])
    while True:
        things = _joined([_a(_noun(thing, rng)) for thing in shuffled(rng, scene.things)])
        caption = pick(rng, (f"{ground} there are {things}", f"{things} {ground}", f"a picture of {things}, {ground}"))
        if len(scene.things) == 1:
            caption = caption.replace("there are", "there is")
        for clause in shuffled(rng, _clauses(scene, rng)):
            if _words(caption) < fewest:
                caption = f"{caption}, {clause}"
        # Four things, with all that can be said of each, may be too much.
        if fewest <= _words(caption) <= most:
            return caption


def _clauses(scene: Scene, rng: np.random.Generator) -> list[str]:
    """What else may be said, one thing at a time."""
    places = [f"the {thing.color} {_name(thing, rng)} {_spot(thing)}" for thing in scene.things]
    sizes = [f"the {thing.color} one is {thing.size} and {thing.texture}" for thing in scene.things]
    told = sizes if len({thing.color for thing in scene.things}) == len(scene.things) else []
    return [*places, *told] if len(scene.things) > 1 else [*places, *told, "and there is nothing else to be seen"]


def _words(caption: str) -> int:
    return len(caption.split())


def _noun(thing: Thing, rng: np.random.Generator) -> str:
    """The thing with its colour and as many of its other attributes as are drawn, without an article."""
    before, after = TEXTURES[thing.texture]
    size = thing.size if thing.size != "medium" else pick(rng, ("", "medium-sized"))
    size = size if rng.random() < 0.75 else ""
    said = rng.random()
    words = [size, before if said < 0.5 else "", thing.color, _name(thing, rng), after if 0.5 <= said < 0.85 else ""]
    return " ".join(word for word in words if word)


def _name(thing: Thing, rng: np.random.Generator) -> str:
    """The shape's usual name, or now and then its other one."""
    names = SHAPES[thing.shape]
    return names[0][0] if rng.random() < 0.8 else pick(rng, names)[0]


def _several(shape: str, count: int, rng: np.random.Generator) -> str:
    one, many = SHAPES[shape][0]
    return pick(rng, (_a(one), f"one {one}")) if count == 1 else f"{_NUMBERS[count]} {many}"


def _spot(thing: Thing) -> str:
    """Where in the picture a thing is."""
    across = "left" if thing.x < 0.4 else "right" if thing.x > 0.6 else ""
    down = "upper" if thing.y < 0.4 else "lower" if thing.y > 0.6 else ""
    if across and down:
        return f"in the {down} {across}"
    if down:
        return "at the top" if down == "upper" else "at the bottom"
    return f"on the {across}" if across else "in the middle"


def _aside(where: str) -> str:
    return {"left": "on its left", "right": "on its right", "above": "above it", "below": "below it"}[where]


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


_KINDS: dict[Kind, Callable[[Scene, np.random.Generator], str]] = {
    "related": _related,
    "listed": _listed,
    "counted": _counted,
    "picked": _picked,
    "terse": _terse,
    "told": _told,
}
