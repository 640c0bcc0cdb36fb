"""What is said of scenes follows from what is seen, not from how it is said."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from impasto_lab.worlds import scenes
from impasto_lab.worlds.language.world import told
from impasto_lab.worlds.scenes.world import samples

SIZE = scenes.Size(60, side=48, held=6)


@pytest.fixture(scope="module")
def spoken() -> list[tuple[str, dict[str, Any]]]:
    """Split and facts of each scene."""
    return [(scene.split, dict(scene.facts)) for scene in told(samples(size=SIZE, seed=1), seed=1)]


def test_a_statement_is_true_of_one_of_its_two_pairs(spoken: list[tuple[str, dict[str, Any]]]) -> None:
    labels: dict[tuple[str, int, str], list[bool]] = defaultdict(list)
    for split, facts in spoken:
        for one in facts["statements"]:
            labels[split, one["set"], one["sentence"]].append(one["label"])
    assert len(labels) > 50 and all(sorted(found) == [False, True] for found in labels.values())


def test_statements_are_true_of_what_is_seen(spoken: list[tuple[str, dict[str, Any]]]) -> None:
    seen = 0
    for _, facts in spoken:
        right = [thing["shape"] for thing in facts["things"]]
        for one in facts["statements"]:
            left = [thing["shape"] for thing in spoken[one["other"] - 1][1]["things"]]
            words = one["sentence"].split()
            if words[:2] == ["there", "is"]:
                assert one["label"] == (words[3] in left)
            elif words[-2:] == ["many", "shapes"]:
                assert one["label"] == (len(left) == len(right))
            elif words[:3] == ["both", "images", "show"]:
                assert one["label"] == (words[-1] in left and words[-1] in right)
            else:
                continue
            seen += 1
    assert seen > 20
