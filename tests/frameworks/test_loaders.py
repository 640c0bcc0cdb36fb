"""Loader, a stock DataLoader and torchdata's StatefulDataLoader in one process."""

from itertools import islice

import pytest
from expected_batches import BATCH, DATASET, expected, loader, record, sampler
from torch.utils.data import DataLoader

OWN = {"caller": {"workers": 0}, "threads": {"workers": 2}, "processes": {"workers": 2, "processes": True}}
WAYS = [*OWN, "stock 0", "stock 2", "stateful 0", "stateful 2"]
# Deprecations of torchdata's own, against a newer torch.
pytestmark = pytest.mark.filterwarnings("ignore:'set_vital':UserWarning", "ignore::DeprecationWarning")


def make(way, **options):
    if way in OWN:
        return loader(**OWN[way], **options)
    kind, workers = way.split()
    if kind == "stock":
        return DataLoader(DATASET, batch_sampler=sampler(**options), num_workers=int(workers))
    stateful = pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader
    return stateful(DATASET, batch_sampler=sampler(**options), num_workers=int(workers))


def records(batches):
    return [record(batch) for batch in batches]


@pytest.mark.parametrize("way", WAYS)
def test_epochs(way):
    """To the end, broken off, with exactly as many batches as there are, and once more."""
    loader = make(way)
    assert records(loader) == expected(0)
    assert records(islice(loader, 2)) == expected(1)[:2]
    batches = iter(loader)
    assert records(next(batches) for _ in range(len(loader))) == expected(2)
    for batch in loader:
        assert record(batch) == expected(3)[0]
        break
    assert records(loader) == expected(4)


@pytest.mark.parametrize("taken", [1, 3, 5, 6])
@pytest.mark.parametrize("way", WAYS)
def test_resuming(way, taken):
    """In the middle of the second epoch; and at its end, where torchdata has an iterator with nothing left."""
    stateful, first = way.startswith("stateful"), make("caller" if way.startswith("stock") else way)
    records(first)
    batches = iter(first)
    records(islice(batches, taken))
    state = first.state_dict()
    resumed = make(way)
    (resumed.batch_sampler if way.startswith("stock") else resumed).load_state_dict(state)
    if taken < 6 or stateful:
        assert records(resumed) == expected(1)[taken:]
    assert records(resumed) == expected(2)
    assert records(islice(resumed, 1)) == expected(3)[:1]


@pytest.mark.parametrize("way", ["stateful 0", "stateful 2"])
def test_resuming_where_an_epoch_has_ended(way):
    first = make(way)
    for epoch in range(2):
        records(first)
        resumed = make(way)
        resumed.load_state_dict(first.state_dict())
        assert records(resumed) == expected(epoch + 1)


@pytest.mark.parametrize("way", WAYS)
def test_ranks(way):
    for rank in (0, 1):
        loader = make(way, rank=rank, world_size=2)
        assert [records(loader), records(loader)] == [expected(epoch, rank, 2) for epoch in (0, 1)]


@pytest.mark.parametrize("way", WAYS)
def test_other_ranks(way):
    """Two ranks leave an epoch after two of three rounds; one goes on with it."""
    first = make("caller" if way.startswith("stock") else way, rank=1, world_size=2)
    batches = iter(first)
    records(islice(batches, 2))
    one = make(way, batch_size=2 * BATCH, rank=0, world_size=1)
    (one.batch_sampler if way.startswith("stock") else one).load_state_dict(first.state_dict())
    assert records(one) == expected(0, batch=2 * BATCH)[2:]
    assert records(one) == expected(1, batch=2 * BATCH)
