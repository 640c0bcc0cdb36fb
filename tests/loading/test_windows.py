"""A shuffled order in which few shards are open: every row once, arithmetic, and how far from uniform."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import BatchDataset, BatchSampler, ImageRecipe, Loader, Recipe
from impasto.errors import CheckpointError, RecipeError
from impasto.loading.epochs.windows import WindowedOrder
from impasto.sources import WebDataset, concat

RECIPE = Recipe(image=ImageRecipe(size=8))


def borders_of(sizes: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def open_shards(order: np.ndarray, borders: np.ndarray) -> int:
    """The most shards that have begun and aren't done at one time, on a circle of positions."""
    shards = np.searchsorted(borders, order, side="right") - 1
    most = 0
    for shard in np.unique(shards):
        at = np.flatnonzero(shards == shard)
        gaps = np.diff(np.append(at, at[0] + len(order)))
        most = max(most, len(order) - int(gaps.max()))
    return most


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(lambda sizes: sum(sizes) > 0),
    st.integers(1, 15),
    st.integers(0, 2**63),
    st.integers(0, 9),
)
def test_every_row_comes_once_from_anywhere(sizes, window, seed, epoch):
    borders = borders_of(sizes)
    order = WindowedOrder(borders, window, seed, epoch)
    every = order.take(np.arange(borders[-1]))
    assert sorted(every.tolist()) == list(range(borders[-1]))
    middle = np.arange(borders[-1] // 3, borders[-1])[::-1]
    assert (order.take(middle) == every[middle]).all()


def test_no_more_shards_are_open_than_the_window():
    borders = borders_of([50] * 40)
    for window in (1, 4, 10):
        order = WindowedOrder(borders, window, 7, 0)
        rows = order.take(np.arange(2000))
        shards = rows // 50
        for number in range(40):
            met = set(shards[order.rounds[number] : order.rounds[number + 1]].tolist())
            assert len(met) == window
        assert open_shards(rows, borders) <= window * 50


def test_epochs_and_seeds_have_orders_of_their_own():
    borders = borders_of([20] * 10)
    orders = [WindowedOrder(borders, 3, seed, epoch).take(np.arange(200)) for seed in (0, 1) for epoch in (0, 1)]
    agreeing = [(one == other).mean() for place, one in enumerate(orders) for other in orders[:place]]
    assert max(agreeing) < 0.05


def test_the_wider_the_window_the_nearer_to_uniform():
    borders = borders_of([100] * 64)

    def met(window: int) -> float:
        """How often two rows of a batch are of one shard, by how often they were if all were shuffled together."""
        rows = WindowedOrder(borders, window, 3, 0).take(np.arange(6400)) // 100
        batches = rows.reshape(-1, 64)
        same = np.mean([(batch[:, None] == batch).sum() - 64 for batch in batches]) / (64 * 63)
        return float(same * 6399 / 99)

    together = [met(window) for window in (1, 4, 16, 64)]
    assert together == sorted(together, reverse=True)
    assert together[0] > 40 and 10 < together[1] < 20 and 2.5 < together[2] < 5 and together[3] < 1.3


@pytest.fixture
def shards(tmp_path: Path, encode) -> WebDataset:
    for number in range(6):
        with tarfile.open(tmp_path / f"{number}.tar", "w") as shard:
            for row in range(10):
                image = encode(np.full((9, 9, 3), 20 * number + row, np.uint8))
                for ending, data in (("jpg", image), ("txt", b"a plain image")):
                    member = tarfile.TarInfo(f"{number}-{row}.{ending}")
                    member.size = len(data)
                    shard.addfile(member, io.BytesIO(data))
    return WebDataset(tmp_path / "*.tar")


def test_ranks_are_disjoint_and_resume_anywhere(shards):
    options = {"shuffle": "shards", "window": 2, "seed": 5}
    whole = [key for _ in range(2) for key in BatchSampler(BatchDataset(shards, RECIPE), 4, **options)]
    per_rank = [list(BatchSampler(BatchDataset(shards, RECIPE), 2, rank=r, world_size=2, **options)) for r in (0, 1)]
    assert [[*a, *b] for a, b in zip(*per_rank, strict=True)] == [list(key) for key in whole[:15]]
    loader = Loader(shards, RECIPE, batch_size=4, workers=1, **options)
    keys = [batch.keys for _, batch in zip(range(4), loader, strict=False)]
    resumed = Loader(shards, RECIPE, batch_size=2, workers=0, rank=1, world_size=2, **options)
    state = loader.state_dict()
    resumed.load_state_dict(state)
    assert next(iter(resumed)).keys == shards[whole[4][2:]].keys[:]
    assert keys[0] == shards[whole[0]].keys[:]
    for other in ({"window": 3}, {"shuffle": True}):
        with pytest.raises(CheckpointError, match="shuffle="):
            Loader(shards, RECIPE, batch_size=4, **(options | other)).load_state_dict(state)


def test_what_has_no_shards_says_so(shards, good):
    import impasto

    pairs = impasto.sources.Sequence([(image, "a picture") for image in good])
    for data in (pairs, shards[::-1], impasto.loading.Mixture({shards: 1})):
        with pytest.raises(RecipeError, match="shuffle='shards' needs data in shards"):
            Loader(data, RECIPE, batch_size=2, shuffle="shards")
    with pytest.raises(RecipeError, match="window"):
        Loader(shards, RECIPE, batch_size=2, shuffle="shards", window=0)
    with pytest.raises(RecipeError, match="shuffle"):
        Loader(shards, RECIPE, batch_size=2, shuffle="shard")
    some = concat(shards[5:25:2], shards)
    assert some.borders().tolist() == [0, 3, 8, 10, 10, 10, 10, 20, 30, 40, 50, 60, 70]
    assert len(list(BatchSampler(BatchDataset(some, RECIPE), 7, shuffle="shards"))) == 10
