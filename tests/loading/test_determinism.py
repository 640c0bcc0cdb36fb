"""A batch is a function of (data, recipe, seed, epoch, step), and of nothing else."""

import pytest
import torch
from torch.utils.data import DataLoader

from impasto import BatchDataset, BatchId, BatchKey, BatchSampler, CheckpointError, Loader
from impasto.sources import Sequence

SEED = 11


@pytest.fixture(scope="module")
def data(pairs):
    return Sequence([(str(path), captions) for path, captions in pairs])


@pytest.fixture(scope="module")
def epochs(data, recipe, digest):
    """Two epochs, made in the caller's thread."""
    loader = Loader(data, recipe, batch_size=8, workers=0, seed=SEED)
    return [[digest(batch) for batch in loader] for _ in range(2)]


def test_epochs_and_batches_differ(epochs):
    assert [len(epoch) for epoch in epochs] == [7, 7]
    assert len({*epochs[0], *epochs[1]}) == 14


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_threads(data, recipe, digest, epochs, workers):
    loader = Loader(data, recipe, batch_size=8, workers=workers, seed=SEED)
    assert [[digest(batch) for batch in loader] for _ in range(2)] == epochs


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("workers", [1, 2])
def test_processes(data, recipe, digest, epochs, workers, method):
    before = torch.get_rng_state()
    loader = Loader(
        data, recipe, batch_size=8, workers=workers, processes=True, seed=SEED, multiprocessing_context=method
    )
    assert [[digest(batch) for batch in loader] for _ in range(2)] == epochs
    assert torch.equal(torch.get_rng_state(), before)  # as in threads, what a model draws next is its own


def test_fork_after_threads(data, recipe, digest, epochs):
    """No lock or pool of ours outlives a call, so a fork finds none held."""
    threads = Loader(data, recipe, batch_size=8, workers=4, seed=SEED)
    running = iter(threads)
    next(running)
    loader = Loader(data, recipe, batch_size=8, workers=2, processes=True, seed=SEED, multiprocessing_context="fork")
    assert [digest(batch) for batch in loader] == epochs[0]
    running.close()


@pytest.mark.parametrize("workers", [0, 2])
def test_stock_data_loader(data, recipe, digest, epochs, workers):
    sampler = BatchSampler(len(data), 8, seed=SEED)
    loader = DataLoader(BatchDataset(data, recipe, seed=SEED), batch_sampler=sampler, num_workers=workers)
    assert len(loader) == 7
    assert [[digest(batch) for batch in loader] for _ in range(2)] == epochs


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": 2}, {"workers": 2, "processes": True}])
@pytest.mark.parametrize("taken", [0, 3, 7, 9])
def test_resuming(data, recipe, digest, epochs, options, taken):
    loader = Loader(data, recipe, batch_size=8, seed=SEED, **options)
    seen = []
    while len(seen) < taken:
        for batch in loader:
            seen.append(digest(batch))
            if len(seen) == taken:
                break
    state = loader.state_dict()
    resumed = Loader(data, recipe, batch_size=8, seed=SEED, **options)
    resumed.load_state_dict(state)
    while len(seen) < 14:
        seen += [digest(batch) for batch in resumed]
    assert seen == epochs[0] + epochs[1]


def test_leaving_an_epoch_early_goes_on_to_the_next(data, recipe, digest, epochs):
    loader = Loader(data, recipe, batch_size=8, seed=SEED)
    next(iter(loader))
    assert [digest(batch) for batch in loader] == epochs[1]


def test_two_ranks_see_each_sample_once(data, recipe, pairs):
    for drop_last, batch_size in ((False, 8), (True, 10)):
        ranks = [
            Loader(data, recipe, batch_size=batch_size, seed=SEED, drop_last=drop_last, rank=rank, world_size=2)
            for rank in (0, 1)
        ]
        assert len(ranks[0]) == len(ranks[1])
        seen = [[key for batch in loader for key in batch.keys] for loader in ranks]
        assert sorted(map(int, seen[0] + seen[1])) == list(range(len(pairs)))


def test_a_run_goes_on_with_other_ranks(data, recipe):
    """The same 40 samples are left after 20, whether one rank takes 10 at a time or two take 5."""
    one = Loader(data, recipe, batch_size=10, seed=SEED)
    batches = iter(one)
    next(batches), next(batches)
    state = one.state_dict()
    rest = {key for batch in batches for key in batch.keys}
    elastic = []
    for rank in (0, 1):
        loader = Loader(data, recipe, batch_size=5, seed=SEED, rank=rank, world_size=2)
        loader.load_state_dict(state)
        elastic += [key for batch in loader for key in batch.keys]
    assert sorted(elastic) == sorted(rest) and len(elastic) == 40


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 12}, "saved with seed=11 and is loaded with 12"),
        ({"batch_size": 7}, "between two batches of 7 x 1 ranks"),
        ({"shuffle": False}, "shuffle"),
    ],
)
def test_a_state_of_another_run_is_refused(data, recipe, change, says):
    loader = Loader(data, recipe, batch_size=8, seed=SEED)
    next(iter(loader))
    other = Loader(data, recipe, **({"batch_size": 8, "seed": SEED} | change))
    with pytest.raises(CheckpointError, match=says):
        other.load_state_dict(loader.state_dict())


def test_a_sample_s_draws_do_not_depend_on_its_batch(data, recipe):
    """Without mixing, a row is the same in whatever batch it comes."""
    alone = BatchDataset(data, type(recipe)(image=recipe.image, text=recipe.text), seed=SEED)
    many = alone[BatchKey([5, 17, 40], id=BatchId(epoch=3))]
    for row, sample in enumerate([5, 17, 40]):
        one = alone[BatchKey([sample], id=BatchId(epoch=3, step=9))]
        assert torch.equal(one.images[0], many.images[row])
        assert one.captions[0] == many.captions[row]


def test_a_worker_s_error_comes_back_whole(tmp_path, recipe):
    data = Sequence([(str(tmp_path / f"{number}.jpg"), "a") for number in range(8)])
    for options in ({"workers": 0}, {"workers": 2}, {"workers": 1, "processes": True}):
        loader = Loader(data, recipe, batch_size=8, **options)
        with pytest.raises(OSError, match=r"\.jpg.*") as caught:
            next(iter(loader))
        assert type(caught.value).__name__ == "SourceError", options
        assert "sample" in str(caught.value)
