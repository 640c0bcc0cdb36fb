"""Recalls against a twin that sorts, and against captions counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import RecipeError
from impasto_lab.metrics import chance
from impasto_lab.metrics.retrieving import retrieval


def _twin(scores: list[list[float]], image_of: list[int]) -> dict[str, float]:
    """Sorts each list of candidates, the wrong before the right where they tie, and looks who comes when."""
    found: dict[str, list[int]] = {"tr": [], "ir": []}
    for image, row in enumerate(scores):
        order = sorted(range(len(row)), key=lambda caption: (-row[caption], image_of[caption] == image))
        found["tr"].append(next(place for place, caption in enumerate(order) if image_of[caption] == image))
    for caption, image in enumerate(image_of):
        order = sorted(range(len(scores)), key=lambda row: (-scores[row][caption], row == image))
        found["ir"].append(order.index(image))
    recalls = {
        f"{way}@{cut}": 100 * sum(place < cut for place in places) / len(places)
        for way, places in found.items()
        for cut in (1, 5, 10)
    }
    return recalls | {"rsum": sum(recalls.values())}


@given(st.data())
def test_it_is_what_sorting_finds(data: st.DataObject) -> None:
    images = data.draw(st.integers(1, 14))
    extra = data.draw(st.lists(st.integers(0, images - 1), max_size=20))
    image_of = data.draw(st.permutations([*range(images), *extra]))
    # Few distinct values, so that ties are common.
    row = st.lists(st.integers(-3, 3).map(float), min_size=len(image_of), max_size=len(image_of))
    scores = data.draw(st.lists(row, min_size=images, max_size=images))
    assert retrieval(scores, image_of).as_dict() == pytest.approx(_twin(scores, image_of))


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_rows_is_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image_of = np.concatenate([np.arange(9), rng.integers(0, 9, 12)])
    scores = rng.integers(0, 4, (9, 21)).astype(np.float32)
    rows, columns = rng.permutation(9), rng.permutation(21)
    moved = retrieval(scores[rows][:, columns], np.argsort(rows)[image_of[columns]])
    assert moved.as_dict() == pytest.approx(retrieval(scores, image_of).as_dict())


def test_a_model_that_tells_nothing_apart_finds_nothing() -> None:
    assert retrieval(np.zeros((20, 40)), np.arange(40) % 20).rsum == 0


def test_what_was_no_candidate_is_not_found_among_few() -> None:
    scores = np.ones((4, 4)) + np.eye(4)
    some = scores.copy()
    some[1, 1] = -np.inf
    assert retrieval(scores, range(4), to_images=some).image == (75, 75, 75)
    assert retrieval(some, range(4)).text == (75, 75, 75)


def test_a_perfect_model_finds_all() -> None:
    image_of = np.repeat(np.arange(4), 5)
    assert retrieval(np.eye(4)[:, image_of], image_of).rsum == 600


def test_chance_is_what_random_scores_get() -> None:
    rng = np.random.default_rng(0)
    image_of = np.repeat(np.arange(30), rng.integers(1, 6, 30))
    runs = [retrieval(rng.random((30, len(image_of))), image_of).as_dict() for _ in range(400)]
    for name, expected in chance(image_of).items():
        values = [run[name] for run in runs]
        assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / 20)


def test_nan_and_orphans_are_refused() -> None:
    with pytest.raises(RecipeError, match="NaN"):
        retrieval([[float("nan")]], [0])
    with pytest.raises(RecipeError, match="each of the 2 images"):
        retrieval(np.zeros((2, 2)), [0, 0])
    with pytest.raises(RecipeError, match="don't fit"):
        retrieval(np.zeros((2, 2)), [0])
