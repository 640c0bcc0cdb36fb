"""A post: what it shows, what it says, and how."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impasto.streams import pick, shuffled, stream
from impasto_lab.worlds.posts.phrases import COLORS, GROUNDS, LANGUAGES, SHAPES, Language, phrase
from impasto_lab.worlds.scenes import Scene, Thing

_OPENERS = ("omg", "sooo happy", "ngl", "just look at this", "POV:", "day 12:", "")
_TAGS = (
    "photooftheday",
    "nofilter",
    "instagood",
    "SundayVibes",
    "colorLovers",
    "ShapeOfTheDay",
    "art",
    "throwbackThursday",
)
_EMOJI = (
    "\U0001f60d",
    "\U0001f525",
    "\u2728",
    "\U0001f602\U0001f602",
    "\U0001f49b",
    "\U0001f469\u200d\U0001f3a8",
    "\u2600\ufe0f",
)


@dataclass(frozen=True, kw_only=True)
class Post:
    """One post.

    Attributes:
        scene: What its picture shows: one thing.
        language: Of its phrase.
        phrase: What it says of the picture, as it stands in the text.
        text: All of it: an opening, the phrase, emoji, hashtags, a mention or a link.
    """

    scene: Scene
    language: Language
    phrase: str
    text: str


def draw_post(seed: int, number: int) -> Post:
    """Draws a post: its own stream decides it alone.

    Args:
        seed: The world's.
        number: The post's.
    """
    rng = stream(seed, "post", number)
    language = pick(rng, LANGUAGES)
    shape, color, ground = (pick(rng, list(words["en"])) for words in (SHAPES, COLORS, GROUNDS))
    said = phrase(language, shape=shape, color=color, ground=ground)
    x, y = (float(value) for value in rng.uniform(0.3, 0.7, 2))
    thing = Thing(shape=shape, color=color, texture="plain", size="large", x=x, y=y, radius=0.2, angle=0.0)
    return Post(
        scene=Scene(background=ground, things=(thing,)), language=language, phrase=said, text=_posted(rng, said)
    )


def _posted(rng: np.random.Generator, said: str) -> str:
    """The phrase with what people put around it; a part in two has a link or a mention."""
    before = [pick(rng, _OPENERS)]
    if rng.random() < 0.3:
        before.append(f"@user_{int(rng.integers(100, 9999))}")
    tags = [f"#{tag}" for tag in shuffled(rng, _TAGS)[: int(rng.integers(1, 6))]]
    after = [pick(rng, ("", "!!!", "....", "???")), *(pick(rng, _EMOJI) for _ in range(int(rng.integers(0, 4)))), *tags]
    if rng.random() < 0.4:
        after.append(f"https://t.example/{''.join(pick(rng, 'abcdefghkmnpqrstuvwxyz23456789') for _ in range(10))}")
    return " ".join(part for part in (*before, said, *after) if part)
