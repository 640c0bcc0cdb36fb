"""What loaders say of themselves, and to those who mistake them for something else."""

import json
import pickle

import pytest

from impasto import BatchDataset, BatchKey, BatchSampler, Loader
from impasto.errors import RecipeError
from impasto.loading import prefetch
from impasto.sources import AlbefCaptions


@pytest.fixture
def data(pairs, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"image": str(path), "caption": words} for path, words in pairs]))
    return AlbefCaptions(tmp_path / "a.json")


def test_reprs_tell_what_there_is(data, recipe):
    loader = Loader(data, recipe, batch_size=4, seed=7, workers=2)
    for part in (repr(data), "batch_size=4", "seed=7", "workers=2 threads", "next: epoch 0"):
        assert part in repr(loader)
    next(iter(loader))
    assert "next: epoch 1" in repr(loader)
    assert "rank=1 of 2" in repr(BatchSampler(8, 2, rank=1, world_size=2, shuffle=False))
    assert repr(data) in repr(BatchDataset(data, recipe))
    assert repr(prefetch(loader, "cpu", depth=3)) == f"Prefetched({loader!r}, cpu, depth=3)"


def test_names_of_a_data_loader_are_answered(data, recipe):
    with pytest.raises(RecipeError, match="no num_workers=; say workers="):
        Loader(data, recipe, batch_size=4, num_workers=2)
    with pytest.raises(RecipeError, match=r"no batchsize=; see help\(impasto.Loader\)"):
        Loader(data, recipe, batch_size=4, batchsize=2)


@pytest.mark.parametrize("row", [-1, -(2**40), 10**6])
def test_rows_that_are_not_there_are_named_as_they_were_asked_for(data, recipe, row):
    for read in (data.key, data.index.path, data.index.captions, data.index.image, data.index.label):
        with pytest.raises(RecipeError, match=f"row {row} is not in a data set of {len(data)} rows"):
            read(row)
    with pytest.raises(RecipeError, match=rf"samples \[{row}\] are not in a data set of {len(data)}"):
        BatchDataset(data, recipe)[BatchKey([0, row])]


@pytest.mark.parametrize("processes", [False, True])
def test_a_loader_at_work_can_be_pickled(data, recipe, digest, processes):
    loader = Loader(data, recipe, batch_size=4, workers=1, processes=processes)
    batches = iter(loader)
    next(batches)
    other = pickle.loads(pickle.dumps(loader))
    other.set_epoch(0)
    assert [digest(batch) for batch in other][1] == digest(next(batches))
    batches.close()
