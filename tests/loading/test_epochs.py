"""Each iter() is the next epoch, or goes on from a state; nothing else moves a run."""

import os
import signal
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from impasto import BatchDataset, BatchSampler, ImageRecipe, Loader, Recipe, RecipeError, TextRecipe, TransformError
from impasto.loading import prefetch
from impasto.ops import permutation
from impasto.sources import Sequence

PLAIN = Recipe(image=ImageRecipe(size=8), text=None)
WAYS = ["caller", "threads", "processes", "stock", "stock with workers"]


def batches_of(epoch, batch_size=4, length=20):
    order = permutation(length, seed=0, epoch=epoch)
    numbers = [order[place] for place in range(length)]
    assert sorted(numbers) == list(range(length))
    return [numbers[at : at + batch_size] for at in range(0, length, batch_size)]


@pytest.fixture(scope="module")
def data(photographs, encode):
    return Sequence([(encode(photographs["coffee"][at : at + 9, :9]), "a") for at in range(20)])


@pytest.fixture
def make(data):
    def make(way, **options):
        if way.startswith("stock"):
            dataset = BatchDataset(data, PLAIN)
            sampler = BatchSampler(dataset, 4, **options)
            return DataLoader(dataset, batch_sampler=sampler, num_workers=2 if "workers" in way else 0)
        if way == "prefetched":
            return prefetch(make("threads"), "cpu", depth=3, **options)
        ways = {"caller": {"workers": 0}, "threads": {"workers": 2}, "processes": {"workers": 2, "processes": True}}
        return Loader(data, PLAIN, batch_size=4, **ways[way], **options)

    return make


def samples(batches):
    return [batch.samples.tolist() for batch in batches]


@pytest.mark.parametrize("way", WAYS)
def test_breaking_off_goes_on_to_the_next_epoch(make, way):
    loader = make(way)
    for epoch, taken in enumerate((2, 5, 1, 5)):  # the second and the last without a StopIteration
        batches = iter(loader)
        assert samples(next(batches) for _ in range(taken)) == batches_of(epoch)[:taken]
    assert samples(loader) == batches_of(4)


@pytest.mark.parametrize("way", WAYS)
def test_iterators_are_independent(make, way):
    loader = make(way)
    first, second = iter(loader), iter(loader)
    seen = [samples(pair) for pair in zip(first, second, strict=True)]
    assert [list(pair) for pair in zip(batches_of(0), batches_of(1), strict=True)] == seen
    assert samples(loader) == batches_of(2)
    # Once more, now that workers of the iterations before may be at hand.
    seen = [samples(pair) for pair in zip(loader, loader, strict=True)]
    assert [list(pair) for pair in zip(batches_of(3), batches_of(4), strict=True)] == seen


@pytest.mark.parametrize("way", WAYS)
def test_set_epoch_is_for_what_has_not_begun(make, way):
    loader = make(way)
    sampler = loader.batch_sampler
    batches = iter(loader)
    sampler.set_epoch(7)
    seen = samples(islice(batches, 2))
    sampler.set_epoch(5)
    # A DataLoader's workers take keys as soon as there is an iterator.
    assert seen + samples(batches) == batches_of(0 if way == "stock with workers" else 7)
    assert sampler.epoch == 5
    assert samples(loader) == batches_of(5)
    assert samples(loader) == batches_of(6)


@pytest.mark.parametrize("way", ["caller", "threads", "processes", "prefetched"])
def test_a_state_is_right_at_any_time(make, way):
    loader = make(way)
    sampler = getattr(loader, "loader", loader).batch_sampler
    assert loader.state_dict() == sampler.state_dict() == loader.state_dict() | {"epoch": 0, "samples": 0}
    batches = iter(loader)
    for step in range(5):
        next(batches)
        loader.set_epoch(9)
        stands = (0, 4 * step + 4) if step < 4 else (9, 0)
        state = loader.state_dict()
        assert (state["epoch"], state["samples"]) == stands
    early, late = iter(loader), iter(loader)
    next(early), next(late), next(late)
    latest = loader.state_dict() | {"epoch": 10, "samples": 8}
    assert loader.state_dict() == latest
    next(early)
    assert loader.state_dict() == latest
    if way != "prefetched":
        assert [it.state_dict()["epoch"] for it in (early, late)] == [9, 10]
    loader.load_state_dict(state | {"epoch": 3, "samples": 4})
    next(late)
    assert loader.state_dict() == latest | {"epoch": 3, "samples": 4}


def failing(error, part=lambda batch: batch):
    """Fails when it is called for the third time."""
    calls = count(1)

    def fail(given):
        if next(calls) == 3:
            raise error
        return part(given)

    return fail


@pytest.mark.parametrize("kind", [ValueError, StopIteration])
@pytest.mark.parametrize("way", ["caller", "threads", "processes", "prefetched"])
def test_a_batch_that_can_not_be_given_comes_next(make, way, kind):
    # An error has the frames that it went through: one that outlived the test would keep the loader's memory.
    loader = make(way, form=failing(kind("mine")))
    seen = []
    with pytest.raises(ValueError if kind is ValueError else TransformError, match=r"mine|form= raised"):
        seen.extend(batch.samples.tolist() for batch in loader)
    assert seen == batches_of(0)[:2]
    resumed = make("caller")
    resumed.load_state_dict(loader.state_dict())
    assert samples(resumed) == batches_of(0)[2:]


@pytest.mark.parametrize("processes", [False, True])
def test_who_raises_stop_iteration_ends_no_epoch(data, processes):
    words = TextRecipe(tokenizer=failing(StopIteration(), lambda captions: [[1] for _ in captions]))
    loader = Loader(data, Recipe(image=PLAIN.image, text=words), batch_size=4, workers=1, processes=processes)
    with pytest.raises(TransformError, match="raised StopIteration"):
        list(loader)
    with pytest.raises(TransformError, match="transform= raised StopIteration"):
        list(prefetch(Loader(data, PLAIN, batch_size=4), "cpu", transform=failing(StopIteration())))


@pytest.mark.parametrize("way", ["threads", "prefetched"])
def test_a_forked_child_begins_its_own(make, way):
    batches = iter(make(way))
    next(batches)
    child = os.fork()
    if not child:
        signal.alarm(20)  # it shall not outlive this test, whatever it waits for
        try:
            next(batches)
        except RecipeError as error:
            os._exit(42 if "call iter(loader) here" in str(error) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert samples(batches) == batches_of(0)[1:]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("call", ["nothing", "set_epoch", "set_epoch of the sampler"])
def test_a_state_is_gone_on_from(make, way, call):
    first = make("caller")
    list(first)
    batches = iter(first)
    next(batches), next(batches)
    state = first.state_dict()
    loader = make(way)
    (loader if hasattr(loader, "load_state_dict") else loader.batch_sampler).load_state_dict(state)
    if call != "nothing":
        loader.batch_sampler.sampler.set_epoch(1)
    assert samples(loader) == batches_of(1)[2:]
    assert samples(loader) == batches_of(2)


def test_asking_for_an_iterator_takes_no_epoch(make):
    loader = make("threads")
    iter(loader)
    assert len(iter(loader)) == len(loader) == 5
    assert samples(loader) == batches_of(0)


def test_the_end_of_an_epoch_is_the_beginning_of_the_next(make):
    loader = make("caller")
    batches = iter(loader)
    for _ in range(5):
        next(batches)
    state = loader.state_dict()
    assert (state["epoch"], state["samples"]) == (1, 0)
    at_its_end = batches.state_dict()
    assert (at_its_end["epoch"], at_its_end["samples"]) == (0, 20)
    for saved in (state, at_its_end):
        resumed = make("caller")
        resumed.load_state_dict(saved)
        assert samples(resumed) == batches_of(1)


shapes = st.tuples(st.integers(1, 60), st.integers(1, 8), st.integers(1, 4), st.integers(0, 8))


@given(shape=shapes, drop_last=st.booleans(), others=st.sampled_from([1, 2, 3, 4, 6, 8]))
def test_other_ranks_lose_nothing(shape, drop_last, others):
    """Whatever a run leaves over, one on other ranks takes, each sample once."""
    length, batch_size, world_size, steps = shape
    if (
        length < batch_size * world_size
        or (batch_size == 1 and length % world_size)
        or batch_size * world_size % others
    ):
        return
    ranks = [
        BatchSampler(length, batch_size, rank=rank, world_size=world_size, drop_last=drop_last)
        for rank in range(world_size)
    ]
    taken, states = [], []
    for sampler in ranks:
        taken += [sample for key in islice(sampler, min(steps, len(sampler) - 1)) for sample in key]
        states.append(sampler.state_dict())
    assert all(state == states[0] for state in states)
    left = length - len(taken)
    size = batch_size * world_size // others
    if left < others or (size == 1 and length % others):
        return
    rest = []
    for rank in range(others):
        sampler = BatchSampler(length, size, rank=rank, world_size=others, drop_last=drop_last)
        sampler.load_state_dict(states[0])
        if sampler.epoch:  # nothing was left of this epoch
            return
        keys = list(iter(sampler))
        rest += [sample for key in keys for sample in key]
        assert {key.id.epoch for key in keys} == {0}
        assert sampler.state_dict()["epoch"] == 1
    assert len(set(taken + rest)) == len(taken + rest)
    assert len(taken + rest) == (length // (batch_size * world_size) * batch_size * world_size if drop_last else length)


def test_the_tail_of_an_epoch_on_other_ranks():
    """17 samples in fours on two ranks, gone on with after two steps by one rank in eights."""
    two = [BatchSampler(17, 4, rank=rank, world_size=2, drop_last=False) for rank in (0, 1)]
    seen = [sample for sampler in two for key in islice(sampler, 2) for sample in key]
    one = BatchSampler(17, 8, drop_last=False)
    one.load_state_dict(two[0].state_dict())
    assert sorted(seen + [sample for key in one for sample in key]) == list(range(17))
