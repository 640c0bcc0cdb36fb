"""Batches of worker processes lie in memory that is used again, never while it is held, and leaves nothing behind."""

from __future__ import annotations

import gc
import io
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from impasto import BatchDataset, BatchSampler, ImageRecipe, Loader, Recipe, RecipeError
from impasto.loading.running.ring import Ring
from impasto.loading.running.slots import Mapped, Slot
from impasto.loading.running.traveling import Traveling
from impasto.sources import Sequence

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memfd is Linux's")


@pytest.fixture(scope="module")
def data(pairs):
    return Sequence([(str(path), captions) for path, captions in pairs])


def _lies_in_a_ring(tensor: torch.Tensor) -> bool:
    """As the kernel says, which knows what is mapped where."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        begin, end = (int(part, 16) for part in line.split()[0].split("-"))
        if begin <= tensor.data_ptr() < end:
            return "memfd:impasto" in line
    return False


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_what_is_held_is_never_written(data, recipe, method):
    """More is held than a ring has; the oracle are copies made at once."""
    loader = Loader(data, recipe, batch_size=4, workers=1, processes=True, multiprocessing_context=method)
    held = list(loader)
    copies = [batch.images.clone() for batch in held]
    rows = [batch.images[1] for batch in loader]
    copied_rows = [row.clone() for row in rows]
    for _ in range(2):
        for batch in loader:
            batch.images.zero_()  # what is ours may be written
    assert len(held) > Ring().limit
    assert _lies_in_a_ring(held[0].images) and _lies_in_a_ring(held[-1].images)
    assert all(torch.equal(batch.images, copy) for batch, copy in zip(held, copies, strict=True))
    assert all(torch.equal(row, copy) for row, copy in zip(rows, copied_rows, strict=True))


def test_memory_is_used_again(data, recipe):
    loader = Loader(data, recipe, batch_size=4, workers=1, processes=True)
    first = {batch.images.data_ptr() for batch in loader}
    again = {batch.images.data_ptr() for _ in range(3) for batch in loader}
    assert len(first | again) <= Ring().limit


def _named(batches):
    (batch,) = batches
    return {"pixels": batch.images, "half": batch.images[:2].flatten(1), "sum": batch.images.sum()}


def test_a_stock_loader_with_its_own_collate(data, recipe):
    dataset = BatchDataset(data, recipe)
    sampler = BatchSampler(dataset, 4, shuffle=False)
    loader = DataLoader(dataset, batch_sampler=sampler, num_workers=1, collate_fn=_named)
    for number, named in enumerate(loader):
        expected = _named([dataset[sampler.key(0, number)]])
        assert {name: type(value) for name, value in named.items()} == dict.fromkeys(named, torch.Tensor)
        assert all(torch.equal(named[name], expected[name]) for name in named)
        assert _lies_in_a_ring(named["pixels"]) and _lies_in_a_ring(named["half"])
    assert number > 5
    torchs = DataLoader(BatchDataset(data, recipe, shared=False), batch_sampler=sampler, num_workers=1)
    assert not _lies_in_a_ring(next(iter(torchs)).images)


def test_what_a_worker_writes_into_a_file_is_there_again():
    slot = Slot(64, lasting=True)
    tensor = Traveling.of(torch.from_numpy(slot.hand_out(64)).view(torch.float32).fill_(3.0))
    file = io.BytesIO()
    torch.save(tensor[:4], file)
    file.seek(0)
    for read in (torch.load(file), pickle.loads(pickle.dumps(tensor))[:4]):
        assert type(read) is torch.Tensor and read.tolist() == [3.0] * 4


def test_an_end_in_a_forked_child_is_no_end():
    slot = Slot(64, lasting=True)
    mapped = Mapped(slot.file, 64)
    held = mapped.hand_out(slot.send())
    child = os.fork()
    if child == 0:
        del held
        gc.collect()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert not slot.idle
    del held
    assert slot.idle


def test_more_sendings_than_marks_are_copies():
    slot = Slot(8, lasting=True)
    marks = [slot.send() for _ in range(4096)]
    assert len(set(marks[:-1])) == 4095 and marks[-1] is None


def test_no_shared_memory_is_told_and_does_without(monkeypatch):
    def refuse(*_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "memfd_create", refuse)
    with pytest.warns(RuntimeWarning, match="shared=False"):
        assert Ring().take(100).size == 100


def _odd(batch):
    pairs = torch.complex(batch.images[:, 0, :2], batch.images[:, 1, :2])
    return batch.images[0, 0].to_sparse(), pairs.conj(), pairs.conj().imag


@pytest.mark.timeout(60)
@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
def test_tensors_that_are_no_plain_views_of_memory(data):
    recipe = Recipe(image=ImageRecipe(size=64), text=None)
    (expected, *_) = Loader(data, recipe, batch_size=4, shuffle=False, form=_odd)
    dataset = BatchDataset(data, recipe, form=_odd)
    stock = DataLoader(dataset, batch_sampler=BatchSampler(dataset, 4, shuffle=False), num_workers=1)
    for came, wanted in zip(next(iter(stock)), expected, strict=True):
        assert came.layout == wanted.layout and came.to_dense().equal(wanted.to_dense())


def _computed(batch):
    return torch.ones(3, requires_grad=True) * batch.images.mean()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shared", [True, False])
def test_a_tensor_that_holds_how_it_was_computed_is_refused(data, shared):
    dataset = BatchDataset(data, Recipe(image=ImageRecipe(size=64), text=None), form=_computed, shared=shared)
    stock = DataLoader(dataset, batch_sampler=BatchSampler(dataset, 4), num_workers=1)
    with pytest.raises(RecipeError, match="detach"):
        next(iter(stock))


def test_memory_ends_with_the_loader(data):
    def mapped():
        gc.collect()
        return Path("/proc/self/maps").read_text().count("memfd:impasto")

    recipe, before = Recipe(image=ImageRecipe(size=64), text=None), mapped()  # what other tests still hold
    for batch in Loader(data, recipe, batch_size=4, workers=2, processes=True):
        assert _lies_in_a_ring(batch.images)
    assert mapped() > before
    del batch
    assert mapped() <= before


SCRIPT = """
import os, signal, sys, time
import multiprocessing
from pathlib import Path
import impasto

def main():
    # A batch's captions alone don't fit into a pipe.
    files = sorted(Path(sys.argv[1]).iterdir())
    data = impasto.sources.Sequence([(str(file), "a word or two " * 2000) for file in files])
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=64), text=impasto.TextRecipe(max_bytes=1 << 20))
    loader = impasto.Loader(data, recipe, batch_size=4, workers=2, processes=True, multiprocessing_context=sys.argv[2])
    batches = iter(loader)
    batch = next(batches)
    copy = batch.images.clone()
    workers = [child.pid for child in multiprocessing.active_children()]
    if sys.argv[3] == "worker":
        os.kill(workers[0], signal.SIGKILL)
        try:
            list(batches)
        except impasto.WorkerLostError as error:
            told = ("killed by signal", "exited unexpectedly", "ended before")
            assert any(words in str(error) for words in told), error
        else:
            raise AssertionError("nobody missed the worker")
        assert batch.images.equal(copy)
    print(os.getpid(), *workers, flush=True)
    time.sleep(60)

if __name__ == "__main__":
    main()
"""


def _has_memory(process: int) -> bool:
    try:
        return "memfd:impasto" in Path(f"/proc/{process}/maps").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(("method", "killed"), [("fork", "parent"), ("spawn", "parent"), ("fork", "worker")])
def test_kill_leaves_nothing(tmp_path, encode, photographs, method, killed):
    """A memfd lives as long as a process that has it, so none may have it, and /dev/shm gets no file of ours."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.jpg").write_bytes(encode(photographs["chelsea"][:60, :80]))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(folder), method, killed]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        parent, *workers = map(int, process.stdout.readline().split())
        assert _has_memory(parent) and len(workers) == 2
        os.kill(parent, signal.SIGKILL)
    deadline = time.monotonic() + 30  # a worker asks after its parent every second
    while any(map(_has_memory, workers)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not any(map(_has_memory, [parent, *workers]))
    files = [file.name for file in Path("/dev/shm").iterdir()]
    assert not [name for name in files if {str(parent), *map(str, workers)} & set(name.split("_"))]  # torch_PID_...
