"""Errors and their record, wherever a batch is made."""

import json
import os
import pickle
import warnings
from pathlib import Path

import pytest
from torch.utils.data import ConcatDataset, DataLoader, DistributedSampler, Subset, WeightedRandomSampler

from impasto import (
    BadSampleBudgetError,
    BatchDataset,
    BatchKey,
    BatchSampler,
    ImageRecipe,
    InternalError,
    Loader,
    Recipe,
    RecipeError,
    SourceError,
)
from impasto.loading.bad_samples import default_manifest
from impasto.sources import Sequence


@pytest.fixture(autouse=True)
def nothing_was_told(monkeypatch):
    monkeypatch.setattr("impasto.messages._told", set())


PLAIN = Recipe(image=ImageRecipe(size=8), text=None)


@pytest.fixture(scope="module")
def picture(photographs, encode):
    return encode(photographs["coffee"][:9, :9])


class Failing(Sequence):
    """A source at whose third row impasto itself fails."""

    def gather(self, ids):
        if 3 in list(ids):
            raise InternalError("a panic in native code", key="3", path="memory")
        return super().gather(ids)


@pytest.mark.parametrize("error", [{"path": "gone.jpg"}, {"key": "7\n8", "path": None}, {"key": "é", "path": "ü"}])
def test_an_error_crosses_a_process_whole(picture, error):
    from torch._utils import ExceptionWrapper

    try:
        raise SourceError("it can't be read:\nsay 'why'", **error)
    except SourceError as found:
        original = found
        found.pack()
        crossed = pickle.loads(pickle.dumps(ExceptionWrapper(where="in DataLoader worker process 0")))
    with pytest.raises(SourceError) as caught:
        crossed.reraise()
    assert vars(caught.value) == {name: value for name, value in vars(original).items() if name != "__notes__"}
    assert str(caught.value) == str(original)


@pytest.mark.parametrize("processes", [False, True])
def test_what_was_replaced_is_counted_where_batches_are_given(picture, caplog, processes):
    data = Sequence([(picture, "x"), ("gone.jpg", "x")] * 8)
    options = {"on_error": "replace", "budget": 1.0, "manifest": None, "processes": processes}
    list(Loader(data, PLAIN, batch_size=2, shuffle=False, workers=2, **options))
    assert [one.partition(" samples")[0] for one in caplog.messages] == ["1 of 2", "2 of 4", "4 of 8", "8 of 16"]


def test_workers_errors_are_those_of_threads(picture):
    data = Sequence([(picture, "x")] * 5 + [("gone.jpg", "x")] + [(picture, "x")] * 2)
    dataset = BatchDataset(data, PLAIN)
    loaders = [
        Loader(data, PLAIN, batch_size=4, shuffle=False, workers=0),
        Loader(data, PLAIN, batch_size=4, shuffle=False, workers=1),
        Loader(data, PLAIN, batch_size=4, shuffle=False, workers=1, processes=True),
        DataLoader(dataset, batch_sampler=BatchSampler(dataset, 4, shuffle=False), num_workers=1),
    ]
    found = []
    for loader in loaders:
        with pytest.raises(SourceError) as caught:
            list(loader)
        found.append((str(caught.value), caught.value.reason, caught.value.key, caught.value.path))
    assert set(found) == {found[0]}
    assert found[0][2:] == ("5", "gone.jpg") and "\n" not in found[0][0]
    # The same loader may be used again: its workers are new.
    with pytest.raises(SourceError, match="sample '5'"):
        list(loaders[2])


def test_a_bug_is_no_bad_sample(picture, tmp_path):
    data = Failing([(picture, "x")] * 7 + [(b"", "x")])
    options = {"batch_size": 8, "workers": 0, "on_error": "replace", "manifest": tmp_path / "bad.jsonl"}
    loader = Loader(data, PLAIN, **options)
    with pytest.warns(RuntimeWarning, match=r"failed at sample '3' .*bug of impasto.*report"):
        assert len(list(loader)) == 1
    assert loader.dataset.bad_samples.count == loader.dataset.bad_samples.bugs == 1
    lines = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert sorted(line["error"] for line in lines) == ["DecodeError", "InternalError"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # once is enough
        list(loader)
    with pytest.raises(InternalError, match="a panic"):
        list(Loader(data, PLAIN, batch_size=8, workers=0))
    assert issubclass(InternalError, RuntimeError) and not issubclass(InternalError, ValueError)


def test_bugs_use_up_the_budget_too(picture):
    loader = Loader(
        Failing([(picture, "x")] * 4), PLAIN, batch_size=4, workers=0, on_error="replace", budget=0, manifest=None
    )
    with pytest.warns(RuntimeWarning), pytest.raises(BadSampleBudgetError, match="1 of the last 1 by bugs of impasto"):
        list(loader)


def test_samples_are_those_that_came_in(picture):
    data = Sequence([(picture, "x")] * 7 + [(b"", "x")])
    (batch,) = Loader(data, PLAIN, batch_size=8, shuffle=False, workers=0, on_error="replace", manifest=None)
    assert batch.samples.tolist()[:7] == list(range(7)) and batch.samples[7] != 7
    assert batch.samples.tolist() == [int(key) for key in batch.keys]


def test_the_manifest_is_tried_at_once(picture, tmp_path, monkeypatch):
    data = Sequence([(picture, "x")] * 4)
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match=r"manifest.*can't be written.*manifest=FILE, or None") as caught:
        Loader(data, PLAIN, batch_size=4, on_error="replace", manifest=tmp_path / "file" / "bad.jsonl")
    assert caught.value.path == str(tmp_path / "file" / "bad.jsonl")
    Loader(data, PLAIN, batch_size=4, on_error="replace", manifest=tmp_path / "new" / "folder" / "bad.jsonl")
    assert (tmp_path / "new" / "folder" / "bad.jsonl").exists()
    Loader(data, PLAIN, batch_size=4, manifest=tmp_path / "unused" / "bad.jsonl")
    assert not (tmp_path / "unused").exists()  # nothing will be written under on_error="raise"


def test_the_manifest_has_one_stated_place(picture, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_manifest() == Path(tmp_path, ".local/state/impasto/bad_samples.jsonl")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    Loader(Sequence([(picture, "x")] * 4), PLAIN, batch_size=4, on_error="replace")
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert (tmp_path / "state" / "impasto" / "bad_samples.jsonl").exists()


def test_samplers_of_single_samples_are_refused(picture):
    dataset = BatchDataset(Sequence([(picture, "x")] * 20), PLAIN)
    sampler = BatchSampler(10, 4)
    loaders = [
        DataLoader(dataset, batch_size=4),
        DataLoader(dataset, batch_size=4, shuffle=True),
        DataLoader(dataset, batch_size=None, shuffle=True),
        DataLoader(dataset, batch_size=4, sampler=DistributedSampler(dataset, 2, 0)),
        DataLoader(dataset, batch_size=4, sampler=WeightedRandomSampler([1.0] * 20, 20)),
        DataLoader(Subset(dataset, range(10)), batch_sampler=sampler),
        DataLoader(ConcatDataset([dataset, dataset]), batch_sampler=sampler),
    ]
    for loader in loaders:
        with pytest.raises(RecipeError, match=r"no epoch came .*batch_sampler=impasto\.BatchSampler\(dataset"):
            next(iter(loader))
    for samples in (3, [3, 4], (3,)):
        with pytest.raises(RecipeError, match=r"dataset\[impasto\.BatchKey"):
            dataset[samples]
    assert dataset[BatchKey([3])].samples.tolist() == [3]
    whole = DataLoader(dataset, batch_size=None, sampler=BatchSampler(dataset, 4))
    assert [len(batch) for batch in whole] == [4] * 5


def test_pinning_without_a_gpu_warns_once(picture, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("impasto.messages._told", set())
    with pytest.warns(UserWarning, match="pin_memory=True has no effect") as caught:
        loader = Loader(Sequence([(picture, "x")] * 8), PLAIN, batch_size=4, workers=0, pin_memory=True)
    assert len(list(loader)) == 2
    assert len(caught) == 1 and caught[0].filename == __file__


def test_a_manifest_that_is_a_pipe_is_told_when_the_loader_is_made(tmp_path, picture):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for place in ("pipe", "link"):
        with pytest.raises(SourceError, match="it is a pipe, not a regular file; give another manifest=FILE"):
            Loader(Sequence([(picture, "x")]), PLAIN, batch_size=1, on_error="replace", manifest=tmp_path / place)
