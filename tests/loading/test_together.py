"""Batches of joined data sets are those of one data set with the same rows, byte for byte, faults included."""

import pickle

import pytest

from impasto import BatchDataset, BatchSampler, CheckpointError, ImageRecipe, Loader, Recipe, TextRecipe
from impasto.sources import CsvCaptions, Sequence, concat

RECIPE = Recipe(image=ImageRecipe(size=16), text=TextRecipe(length=16))


@pytest.fixture(scope="module")
def rows(photographs, encode):
    tiles = [photographs["chelsea"][y : y + 40, x : x + 50] for y in (0, 60, 120) for x in (0, 90, 180, 270)]
    return [(encode(tile), [f"tile {n}", f"piece {n}"]) for n, tile in enumerate(tiles)]


@pytest.fixture(scope="module")
def table(rows, tmp_path_factory):
    """The first five rows as files."""
    folder = tmp_path_factory.mktemp("table")
    lines = ["filepath,title"]
    for n, (image, captions) in enumerate(rows[:5]):
        (folder / f"{n}.jpg").write_bytes(image)
        lines.append(f"{folder}/{n}.jpg,{captions[0]}")
    (folder / "t.csv").write_text("\n".join(lines))
    return CsvCaptions(folder / "t.csv", sep=",")


def batches(data, digest, **options):
    loader = Loader(data, RECIPE, **{"batch_size": 4, "workers": 2, "seed": 5, **options})
    return [digest(batch) for _ in range(2) for batch in loader]


def test_joining_changes_no_byte(rows, digest):
    """Oracle: the same rows as one list."""
    whole = Sequence(rows)
    wanted = [(batch.images.numpy().tobytes(), batch.captions) for batch in Loader(whole, RECIPE, batch_size=4, seed=5)]
    joined = concat(whole[:3], concat(whole[3:4], whole[4:]))
    mirrored = concat(whole[6:], whole[:6])[[*range(6, 12), *range(6)]]
    for data in (joined, mirrored):
        found = Loader(data, RECIPE, batch_size=4, seed=5)
        assert [(batch.images.numpy().tobytes(), batch.captions) for batch in found] == wanted
    assert batches(joined, digest) == batches(whole, digest) == batches(mirrored, digest, workers=0)


def test_worker_processes_make_the_same(rows, table, digest):
    data = concat(table, Sequence(rows))[2:]
    same = batches(data, digest)
    assert batches(data, digest, processes=True, workers=2, multiprocessing_context="spawn") == same


def test_samples_facts_and_keys_are_the_whole_s(rows, table):
    data = concat(Sequence([(image, captions, {"n": n}) for n, (image, captions) in enumerate(rows)]), table)
    for batch in Loader(data, RECIPE, batch_size=4):
        for key, caption, sample in zip(batch.keys, batch.captions, batch.samples.tolist(), strict=True):
            assert key == data.key(sample) and caption in data.facts(sample)["captions"]
            assert data.facts(sample).get("n", sample) == sample


def test_broken_rows_are_replaced_by_rows_of_the_whole(rows, table, tmp_path):
    broken = Sequence([(b"no image", "x"), *rows[:2]])
    data = concat(table, broken)
    loader = Loader(
        data, RECIPE, batch_size=8, on_error="replace", manifest=tmp_path / "bad.jsonl", budget=1.0, shuffle=False
    )
    (batch,) = loader
    (bad,) = batch.replaced
    assert (bad.row, bad.key) == (5, "0") and batch.keys[5] == bad.substitute == data.key(int(batch.samples[5]))
    with pytest.raises(Exception, match="0"):
        list(Loader(data, RECIPE, batch_size=8))


def test_a_state_knows_its_members(rows, table):
    one = Sequence(rows)
    other = Sequence([*rows[:-1], (rows[-1][0], "another caption")])
    state = Loader(concat(table, one), RECIPE, batch_size=4).state_dict()
    assert state["data"].startswith("Concatenation, 17 rows")
    Loader(concat(table, Sequence(rows)), RECIPE, batch_size=4).load_state_dict(state)
    for refused in (concat(one, table), concat(table, other)):
        with pytest.raises(CheckpointError, match="data"):
            Loader(refused, RECIPE, batch_size=4).load_state_dict(state)
    dataset = BatchDataset(concat(table, one)[3:], RECIPE)
    again = pickle.loads(pickle.dumps(dataset))
    key = BatchSampler(dataset, 4).key(0, 1)
    assert again[key].captions == dataset[key].captions
