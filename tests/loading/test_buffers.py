"""Memory is used again, and never while anything refers to it."""

from __future__ import annotations

import gc
import io
import os
import pickle
import sys

import pytest
import torch
from PIL import Image

import impasto
from impasto import sources
from impasto.loading.loader import Loader
from impasto.loading.running.buffers import Buffers
from impasto.loading.running.slots import Mapped, Slot


def _address(array) -> int:
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("size", [1, 1000, 602_112])
def test_memory_begins_at_a_line_of_the_caches(size):
    arrays = [Buffers().take(size) for _ in range(5)]
    assert [array.size for array in arrays] == [size] * 5
    assert not any(_address(array) % 64 for array in arrays)


def test_what_nobody_refers_to_is_used_again():
    buffers = Buffers()
    first = buffers.take(1000)
    address = _address(first)
    del first
    assert _address(buffers.take(1000)) == address


def test_a_tensor_and_its_views_hold_their_memory():
    buffers = Buffers()
    tensor = torch.from_numpy(buffers.take(1024)).view(torch.float32).view(4, 64)
    row = tensor.fill_(7.0)[2]
    as_numpy = tensor.numpy()
    del tensor
    gc.collect()
    for _ in range(8):
        torch.from_numpy(buffers.take(1024)).zero_()
    assert row.eq(7.0).all()
    assert (as_numpy == 7.0).all()


def test_another_size_is_not_confused():
    buffers = Buffers()
    buffers.take(1000)
    assert buffers.take(500).size == 500


def test_idle_memory_is_limited():
    buffers = Buffers(limit=2)
    taken = [buffers.take(1000) for _ in range(5)]
    del taken
    assert len(buffers._idle) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="page faults are counted otherwise")
def test_a_batch_asks_the_system_for_nothing_once_there_was_one():
    """Neither for its pixels before they are mixed (48 MB here: 12,288 pages) nor for those after."""
    import resource

    data = sources.Sequence([(_jpeg(), f"caption {number}") for number in range(256)])
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=256, dtype="uint8"), mix=impasto.MixGen())
    loader = Loader(data, recipe, batch_size=256, workers=0, manifest=None)
    faults = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in loader:
            pass
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    assert faults[0] > 12_000 and faults[-1] < 1_000, faults


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (200, 40, 90)).save(file, "JPEG")
    return file.getvalue()


def test_idle_memory_does_not_travel():
    buffers = Buffers()
    buffers.take(10_000_000)
    assert len(pickle.dumps(buffers)) < 1000


def test_batches_that_are_kept_stay_as_they_are(pairs, recipe):
    loader = Loader(sources.Sequence(pairs), recipe, batch_size=8, workers=1)
    kept = list(loader)
    copies = [batch.images.clone() for batch in kept]
    for _ in range(3):
        list(loader)
    for batch, copy in zip(kept, copies, strict=True):
        assert torch.equal(batch.images, copy)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memfd is Linux's")
def test_nothing_runs_in_python_where_an_array_ends():
    """Python code there would lose a Ctrl-C that comes in the middle of it."""
    slot = Slot(64, lasting=True)
    arrays = [Buffers().take(100), Mapped(slot.file, 64).hand_out(slot.send())]
    called = []
    sys.setprofile(lambda frame, event, _: called.append(frame.f_code.co_name) if event == "call" else None)
    arrays.clear()
    sys.setprofile(None)
    assert not called and slot.idle
