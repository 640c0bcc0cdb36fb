"""Which samples make which batch: arithmetic, checked for any length, batch size and number of ranks."""

import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import BatchId, BatchKey, BatchSampler, RecipeError

shapes = st.tuples(st.integers(1, 400), st.integers(1, 40), st.integers(1, 6))


def ranks(length, batch_size, world_size, **options):
    return [BatchSampler(length, batch_size, rank=rank, world_size=world_size, **options) for rank in range(world_size)]


@given(shape=shapes, shuffle=st.booleans(), epoch=st.integers(0, 5))
def test_ranks_share_an_epoch(shape, shuffle, epoch):
    length, batch_size, world_size = shape
    for drop_last in (False, True):
        too_few = length < (batch_size * world_size if drop_last else world_size)
        if too_few or (batch_size == 1 and length % world_size and not drop_last):
            with pytest.raises(RecipeError, match="use"):
                ranks(length, batch_size, world_size, drop_last=drop_last)
            continue
        samplers = ranks(length, batch_size, world_size, drop_last=drop_last, shuffle=shuffle)
        epochs = [[*map(list, sampler)] for sampler in samplers if not sampler.set_epoch(epoch)]
        assert len({len(batches) for batches in epochs}) == 1
        assert len(epochs[0]) == len(samplers[0])
        seen = [sample for batches in epochs for batch in batches for sample in batch]
        whole = length // (batch_size * world_size) * batch_size * world_size
        assert len(set(seen)) == len(seen) == (whole if drop_last else length)
        sizes = [len(batch) for batches in epochs for batch in batches]
        assert max(sizes) <= batch_size and (min(sizes) == batch_size if drop_last else min(sizes) >= 1)
        last = [len(batches[-1]) for batches in epochs]
        assert max(last) - min(last) <= 1
        if not shuffle and world_size == 1:
            assert seen == list(range(len(seen)))


def test_epochs_differ_and_repeat():
    sampler = BatchSampler(100, 10, seed=3)
    first, second = [*map(list, sampler)], [*map(list, sampler)]
    assert first != second
    sampler.set_epoch(0)
    assert [*map(list, sampler)] == first


def test_steps_are_counted_over_all_ranks():
    keys = [key for sampler in ranks(40, 5, 2) for key in sampler]
    assert sorted((key.id.epoch, key.id.step) for key in keys) == [(0, step) for step in range(8)]
    assert repr(keys[0]) == "BatchKey(5 samples, epoch=0, step=0)"


def test_a_huge_data_set_costs_nothing():
    sampler = BatchSampler(400_000_000, 512, rank=3, world_size=8)
    assert len(sampler) == 400_000_000 // 4096
    assert len(set(sampler.key(2, 90_000))) == 512


@given(samples=st.lists(st.integers(0, 2**62), max_size=5), epoch=st.integers(0, 9), step=st.integers(0, 9))
def test_keys_survive_copying(samples, epoch, step):
    import copy
    import pickle

    key = BatchKey(samples, id=BatchId(epoch, step, 40))
    for other in (pickle.loads(pickle.dumps(key)), copy.deepcopy(key)):
        assert (list(other), other.id) == (samples, key.id)


def test_order_does_not_depend_on_ranks():
    """Two ranks interleave the batches that one rank would take."""
    one = [list(key) for key in BatchSampler(80, 5, seed=1)]
    two = [[*map(list, sampler)] for sampler in ranks(80, 5, 2, seed=1)]
    assert [batch for pair in zip(*two, strict=True) for batch in pair] == one
    assert np.unique(np.concatenate(one)).size == 80


def test_who_asks_for_batches_keeps_nothing_that_it_lets_go():
    pytest.importorskip("accelerate.data_loader")

    class Thing:
        pass

    thing = Thing()
    gone = weakref.ref(thing)
    next(iter(BatchSampler(10, 2)))
    del thing
    assert gone() is None
