"""Limits: what lies on one passes, what lies beyond it does not, whichever side is the longer."""

from __future__ import annotations

import numpy as np
import pytest

from impasto.jobs import CleanSettings
from impasto.jobs.cleaning.judging import CaptionJudge, judge_picture

LIMITS = CleanSettings(min_side=32, max_aspect=3.0, min_contrast=4.0, max_noise=0.5, repeats=2, min_words=2)


@pytest.mark.parametrize(
    ("measured", "flags"),
    [
        ((32, 96, 4.0, 0.5), []),
        ((96, 32, 4.0, 0.5), []),
        ((31, 40, 9.0, 0.0), ["tiny image"]),
        ((40, 31, 9.0, 0.0), ["tiny image"]),
        ((97, 32, 9.0, 0.0), ["extreme aspect"]),
        ((32, 97, 9.0, 0.0), ["extreme aspect"]),
        ((31, 97, 9.0, 0.0), ["tiny image", "extreme aspect"]),
        ((50, 50, 3.99, 0.0), ["near-blank image"]),
        ((50, 50, 3.99, 1.0), ["near-blank image"]),  # one reason is enough where nothing is to be seen
        ((50, 50, 4.0, 0.51), ["noisy image"]),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),  # a set has no order
)
def test_pictures(measured: tuple[float, ...], flags: list[str]) -> None:
    names = ("width", "height", "contrast", "noise")
    pictures = {name: np.array([0.0, value]) for name, value in zip(names, measured, strict=True)}
    assert [flag for flag, _ in judge_picture(pictures, 1, LIMITS)] == flags


def test_captions() -> None:
    """A row goes for its captions where none may say something; white space is not judged here."""
    judge = CaptionJudge(LIMITS)
    rows = [
        ["image", "a dog"],
        ["image", " ", "dog"],
        [" "],
        [],
        ["Our  shop", "a red dog"],
        ["our shop"],
        ["OUR shop"],
    ]
    flags = [list(judge.judge(row, captions, picture=row)) for row, captions in enumerate(rows)]
    assert [row for row, found in enumerate(flags) if found] == [1]
    assert flags[1] == [("boilerplate caption", "'image': it says 'image' and no more")]
    assert dict(judge.repeated()) == dict.fromkeys((5, 6), "its captions are those of 3 pictures")
    once = CaptionJudge(CleanSettings(boilerplate=("Our shop!",), repeats=3))
    assert [kind for kind, _ in once.judge(0, ["our shop 3"], 0)] == ["boilerplate caption"]
    for row in range(3):
        assert not list(once.judge(row, ["their shop"], picture=row))
    assert not dict(once.repeated())
