"""A shuffled order in which few shards are open: every row once, arithmetic, and how far from uniform."""

from __future__ import annotations

import io
import tarfile
from itertools import islice
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
    keys = [batch.keys for batch in islice(loader, 4)]
    resumed = Loader(shards, RECIPE, batch_size=2, workers=0, rank=1, world_size=2, **options)
    state = loader.state_dict()
    resumed.load_state_dict(state)
    assert next(iter(resumed)).keys == shards[whole[4][2:]].keys[:]
    assert keys[0] == shards[whole[0]].keys[:]
    for other in ({"window": 3}, {"shuffle": True, "window": None}):
        with pytest.raises(CheckpointError, match="shuffle="):
            Loader(shards, RECIPE, batch_size=4, **(options | other)).load_state_dict(state)


def test_what_has_no_shards_says_so(shards, good):
    import impasto

    pairs = impasto.sources.Sequence([(image, "a picture") for image in good])
    for data in (pairs, shards[::-1], impasto.loading.Mixture({shards: 1, pairs: 1}), concat(shards, pairs)):
        with pytest.raises(RecipeError, match=r"shuffle='shards' needs data in shards.*Arrow.* use shuffle=True"):
            Loader(data, RECIPE, batch_size=2, shuffle="shards")
    with pytest.raises(RecipeError, match="with a length use shuffle=True"):
        BatchSampler(60, 2, shuffle="shards")
    with pytest.raises(RecipeError, match="window"):
        Loader(shards, RECIPE, batch_size=2, shuffle="shards", window=0)
    for shuffle in (True, False):
        with pytest.raises(RecipeError, match="window=4 is of shuffle='shards' alone"):
            Loader(shards, RECIPE, batch_size=2, shuffle=shuffle, window=4)
    with pytest.raises(RecipeError, match="shuffle"):
        Loader(shards, RECIPE, batch_size=2, shuffle="shard")
    some = concat(shards[5:25:2], shards)
    assert some.borders().tolist() == [0, 3, 8, 10, 10, 10, 10, 20, 30, 40, 50, 60, 70]
    assert len(list(BatchSampler(BatchDataset(some, RECIPE), 7, shuffle="shards"))) == 10


def test_row_groups_batches_and_ranges_of_keys_are_shards(tmp_path, good, monkeypatch):
    """Of Parquet each group is decoded once an epoch, where a shuffle of all rows decodes one for each row."""
    lmdb, pa = pytest.importorskip("lmdb"), pytest.importorskip("pyarrow")
    from pyarrow import parquet

    from impasto.sources import Arrow, Lmdb, Parquet
    from impasto.sources.formats import lmdb as lmdb_format
    from impasto.sources.formats import parquet as parquet_format
    from impasto.sources.reading import columns

    table = pa.table({"image": [good[row % 3] for row in range(60)], "caption": [f"{row}" for row in range(60)]})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=10)
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=10)
    monkeypatch.setattr(lmdb_format, "_RANGE", 10)
    with lmdb.open(str(tmp_path / "base"), map_size=1 << 24) as base, base.begin(write=True) as to:
        for row in range(60):
            to.put(f"{row:02}.jpg".encode(), good[row % 3])
    sources = [Parquet(tmp_path / "a.parquet"), Arrow(tmp_path / "a.arrow"), Lmdb(tmp_path / "base")]
    options = {"batch_size": 6, "shuffle": "shards", "window": 2, "seed": 1}
    whole = Recipe(image=ImageRecipe(size=8), text=None)
    orders = [[batch.samples.tolist() for batch in Loader(data, whole, workers=1, **options)] for data in sources]
    assert orders[0] == orders[1] == orders[2] and sorted(row for batch in orders[0] for row in batch) == list(
        range(60)
    )
    assert sources[0].borders().tolist() == list(range(0, 61, 10))
    read: list[int] = []
    own = parquet_format._File.read
    monkeypatch.setattr(parquet_format._File, "read", lambda self, *which: read.append(which[0]) or own(self, *which))
    monkeypatch.setattr(columns, "_KEPT", 4 * table.nbytes // 6)
    list(Loader(Parquet(tmp_path / "a.parquet"), whole, workers=0, **options))
    windowed = len(read)
    list(Loader(Parquet(tmp_path / "a.parquet"), whole, batch_size=6, workers=0, seed=1))
    assert windowed <= 8 and set(read[:windowed]) == set(range(6)) and len(read) - windowed > 20


def test_members_of_a_mixture_have_windows_of_their_own(shards):
    """Each pass of a member opens few of its shards at once, and gives each row once, on any number of ranks."""
    from impasto.loading import Mixture

    def mixture():
        return BatchDataset(Mixture({shards: 2.0, shards[:40]: 1.0}, epoch="longest"), RECIPE)

    options = {"shuffle": "shards", "window": 2, "seed": 5}
    sampler = BatchSampler(mixture(), 6, **options)
    rows = np.concatenate([mixture().data.rows(np.asarray(key)) for _ in range(2) for key in sampler])
    for begin, length in ((0, 60), (60, 40)):
        own = rows[(rows >= begin) & (rows < begin + length)] - begin
        passes = own[: len(own) // length * length].reshape(-1, length)
        assert (np.sort(passes, axis=1) == np.arange(length)).all()
        for once in passes:
            assert max(len(set(part)) for part in (once // 10).reshape(-1, 10)) <= 3
    sampler.set_epoch(0)
    alone = [list(key) for key in sampler]
    ranks = [list(BatchSampler(mixture(), 3, rank=rank, world_size=2, **options)) for rank in (0, 1)]
    assert [[*one, *other] for one, other in zip(*ranks, strict=True)] == alone
    state = sampler.state_dict()
    assert state["shuffle"].count("window 2 of") == 2
    with pytest.raises(CheckpointError, match="shuffle="):
        BatchSampler(mixture(), 6, **options | {"window": 3}).load_state_dict(state)
