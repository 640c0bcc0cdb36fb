"""Batches on a device ahead of their use: the same ones, in order, none overwritten, none too many."""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import time
import weakref
from dataclasses import replace

import pytest
import torch
from torch.utils.data import DataLoader

from impasto import (
    BatchDataset,
    BatchMixGen,
    BatchSampler,
    Beta,
    CheckpointError,
    CutMix,
    CutMixUp,
    ImageRecipe,
    Loader,
    MixGen,
    Recipe,
    RecipeError,
)
from impasto.loading import prefetch
from impasto.loading.running.ahead import ahead_on
from impasto.sources import Sequence
from loading.simulated import Device

SEED = 5


@pytest.fixture(scope="module")
def data(pairs):
    return Sequence([(str(path), captions) for path, captions in pairs])


@pytest.fixture
def loader_of(data, recipe):
    return lambda **options: Loader(data, recipe, batch_size=8, seed=SEED, **options)


@pytest.fixture(scope="module")
def epochs(data, recipe, digest):
    loader = Loader(data, recipe, batch_size=8, workers=0, seed=SEED)
    return [[digest(batch) for batch in loader] for _ in range(2)]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("depth", [1, 3, 20])
def test_the_same_batches(loader_of, digest, epochs, workers, depth):
    inside = loader_of(workers=workers, device="cpu", prefetch=depth)
    around = prefetch(loader_of(workers=workers), "cpu", depth=depth)
    assert len(around) == len(inside) == 7
    for loader in (inside, around):
        assert [[digest(batch) for batch in loader] for _ in range(2)] == epochs


def test_a_stock_loader_and_other_forms(data, recipe, digest, epochs):
    dataset = BatchDataset(data, recipe, seed=SEED)
    stock = DataLoader(dataset, batch_sampler=BatchSampler(dataset, 8, seed=SEED), num_workers=1)
    given = prefetch(stock, "cpu")
    assert [[digest(batch) for batch in given] for _ in range(2)] == epochs
    with pytest.raises(CheckpointError, match="a DataLoader has no states"):
        given.state_dict()
    given.set_epoch(1)
    assert digest(next(iter(given))) == epochs[1][0]
    forms = [{"a": torch.ones(2), "b": [torch.zeros(1), "text"]}, (torch.ones(1), None)]
    meta = list(prefetch(forms, "meta"))
    assert meta[0]["a"].is_meta and meta[0]["b"][0].is_meta and meta[0]["b"][1] == "text"
    assert meta[1][0].is_meta and meta[1][1] is None and forms[0]["a"].device.type == "cpu"


@pytest.mark.parametrize("taken", [0, 3, 7, 9])
@pytest.mark.parametrize("kind", ["inside", "around"])
def test_states_count_what_was_given(loader_of, digest, epochs, kind, taken):
    def open_loader():
        return loader_of(device="cpu") if kind == "inside" else prefetch(loader_of(), "cpu", depth=4)

    loader, seen = open_loader(), []
    while len(seen) < taken:
        for batch in loader:
            seen.append(digest(batch))
            if len(seen) == taken:
                break
    state = loader.state_dict()
    for resumed in (open_loader(), loader_of()):
        resumed.load_state_dict(state)
        rest = [digest(batch) for batch in resumed]
        expected = [*epochs[0], *epochs[1]][taken:]
        assert rest == expected[: len(rest)] and len(rest) == 7 - taken % 7


@pytest.mark.parametrize("depth", [2, 4])
def test_nothing_is_used_before_it_is_there(monkeypatch, loader_of, depth):
    """On a device that does nothing before it is waited for."""
    device = Device(monkeypatch)
    device.user.ask(lambda: None)  # the weights of a transform, say
    expected = [batch.images for batch in loader_of(workers=0)]
    used = []
    for number, batch in enumerate(ahead_on(device.lane(), iter(loader_of(workers=0)), depth)):
        assert {batch.images.data_ptr(), batch.input_ids.data_ptr(), batch.samples.data_ptr()} <= device.recorded
        device.user.ask(lambda batch=batch: used.append(batch.images.clone()))
        steps = number
    device.user.run()
    assert steps == 6 and all(torch.equal(one, other) for one, other in zip(used, expected, strict=True))
    # A step takes two places in the user's stream: the wait for its batch, and its use.
    assert all(done >= 1 + 2 * (number - depth) for number, done in enumerate(device.started) if number >= depth)
    assert min(device.copied) >= 1


def test_what_is_let_go_is_free(loader_of):
    batches = iter(prefetch(loader_of(), "cpu"))
    batch = next(batches)
    images = weakref.ref(batch.images)
    del batch
    # The thread that made it may be about to let it go.
    for _ in range(200):
        gc.collect()
        if images() is None:
            return
        time.sleep(0.02)
    raise AssertionError("somebody holds the batch")


@pytest.mark.parametrize("kind", ["inside", "around", "stock"])
def test_worker_processes_end_well(data, recipe, loader_of, kind):
    """One that doesn't makes torch raise an error wherever the main thread is by then."""
    dataset = BatchDataset(data, recipe)
    given = {
        "inside": lambda: loader_of(processes=True, device="cpu"),
        "around": lambda: prefetch(loader_of(processes=True), "cpu"),
        "stock": lambda: prefetch(DataLoader(dataset, batch_sampler=BatchSampler(dataset, 8), num_workers=1), "cpu"),
    }[kind]()
    before = set(multiprocessing.active_children())
    batches = iter(given)
    next(batches)
    started = set(multiprocessing.active_children()) - before
    del given, batches
    # The thread that took them may be about to let them go.
    for _ in range(400):
        gc.collect()
        if all(process.exitcode is not None for process in started):
            break
        time.sleep(0.05)
    assert [process.exitcode for process in started] == [0]


def test_a_transform_is_keyed_by_the_batch(loader_of):
    class Transform(torch.nn.Module):
        def forward(self, batch, *, id=None):
            assert not torch.is_grad_enabled()
            return batch.changed(images=torch.full_like(batch.images, float(id.step)), labels=batch.samples)

    given = prefetch(loader_of(), "cpu", transform=Transform())
    for step, batch in enumerate(given):
        assert batch.images.eq(step).all() and torch.equal(batch.labels, batch.samples)
    plain = prefetch(loader_of(), "cpu", transform=lambda batch: batch.keys)
    assert list(plain) == [batch.keys for batch in loader_of()]


@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("normalize", ["imagenet", None])
def test_uint8_is_normalized_there(data, recipe, layout, normalize):
    """Against the core, which normalises in one pass over what it mixed."""

    def loader(dtype):
        image = ImageRecipe(size=48, dtype=dtype, layout=layout, normalize=normalize)
        return Loader(data, replace(recipe, image=image), batch_size=8, seed=SEED)

    level = 1 / 510 / (0.224 if normalize else 1)
    for there, here in zip(prefetch(loader("uint8"), "cpu", dtype=torch.float32), loader("float32"), strict=True):
        assert there.images.dtype == torch.float32 and there.images.shape == here.images.shape
        assert there.mean_stds == here.mean_stds  # which stylize() goes by
        off = (there.images - here.images).abs().flatten(1).amax(1)
        mixed = torch.from_numpy(here.plan.mixed)
        close = 1e-6 * float(here.images.abs().max())
        assert mixed.any() and (off[~mixed] <= close).all() and (off[mixed] <= level + close).all()
    half = next(iter(prefetch(loader("float32"), "cpu", dtype=torch.bfloat16)))
    assert torch.equal(half.images, next(iter(loader("bfloat16"))).images)


def test_uint8_is_mixed_there_as_the_loader_mixes_it(data, recipe):
    for mix in (MixGen(lam=0.3), CutMixUp(ratio=0.5), CutMix(), MixGen(lam=Beta(1, 1), lam_per="sample", ratio=0.5)):
        text = replace(recipe.text, tokenizer=None)
        mixed = Recipe(image=ImageRecipe(size=24, dtype="uint8"), text=text, mix=mix)
        here = prefetch(Loader(data, mixed, batch_size=8, seed=SEED), "cpu", dtype=torch.float32)
        plain = Loader(data, replace(mixed, mix=None), batch_size=8, seed=SEED)
        there = prefetch(plain, "cpu", dtype=torch.float32, transform=BatchMixGen(mix, seed=SEED))
        for one, other in zip(here, there, strict=True):
            assert one.plan.mixed.any() and torch.equal(one.images, other.images) and one.captions == other.captions


def test_errors_come_in_their_place(loader_of):
    def transform(batch):
        if batch.id.step == 3:
            raise ZeroDivisionError("mine")
        return batch

    batches = iter(prefetch(loader_of(), "cpu", depth=5, transform=transform))
    assert [next(batches).id.step for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ZeroDivisionError, match="mine"):
        next(batches)


def test_what_makes_no_sense_is_refused(loader_of):
    loader = loader_of()
    if not torch.cuda.is_available():
        with pytest.raises(RecipeError, match=r"device='cuda:1' is not there for torch"):
            prefetch(loader, "cuda:1")
        with pytest.raises(RecipeError, match="sees no accelerator"):
            loader_of(device="cuda")
    with pytest.raises(RecipeError, match="depth=0"):
        prefetch(loader, "cpu", depth=0)
    with pytest.raises(RecipeError, match="device='bogus' is none of torch's"):
        prefetch(loader, "bogus")
    for dtype in (torch.uint8, "bfloat16"):
        with pytest.raises(RecipeError, match="must be floating point"):
            prefetch(loader, "cpu", dtype=dtype)
    with pytest.raises(RecipeError, match="can't be called"):
        prefetch(loader, "cpu", transform=3)
    with pytest.raises(RecipeError, match="not of a tuple"):
        next(iter(prefetch([(torch.ones(1),)], "cpu", dtype=torch.float16)))
    batches = list(Loader(loader.dataset.data, Recipe(image=ImageRecipe(dtype="uint8")), batch_size=8))
    with pytest.raises(RecipeError, match="this one has none"):
        next(iter(prefetch(batches, "cpu", dtype=torch.float16)))


def test_frameworks_read_counts_and_take_nothing_apart(loader_of):
    loader, given = loader_of(), prefetch(loader_of(), "cpu")
    for name in ("batch_size", "drop_last", "num_batches", "num_samples"):
        assert getattr(given, name) == getattr(loader, name)
    with pytest.raises(AttributeError, match="ignore_data_skip=True"):
        _ = given.sampler  # Accelerate's skip_first_batches, as Trainer resumes by
    with pytest.raises(AttributeError, match="has no attribute 'sizes'"):
        _ = given.sizes


@pytest.mark.gpu
def test_on_a_gpu(loader_of, data, recipe):
    """Long work on the user's stream, so that what is not waited for shows."""
    expected = list(loader_of(workers=0))
    heavy = torch.randn(4096, 4096, device="cuda")
    for loader in (loader_of(device="cuda"), prefetch(loader_of(processes=True), "cuda", depth=3)):
        loader = pickle.loads(pickle.dumps(loader)) if isinstance(loader, Loader) else loader
        sums = []
        for batch in loader:
            assert batch.images.is_cuda and batch.input_ids.is_cuda
            for _ in range(20):
                heavy = heavy @ heavy / 64
            sums.append((batch.images.double().sum(), batch.input_ids.sum()))
            del batch
        for (images, ids), batch in zip(sums, expected, strict=True):
            assert torch.allclose(images.cpu(), batch.images.double().sum()) and ids.item() == batch.input_ids.sum()
    image = ImageRecipe(size=48, scale=(0.3, 1.0), dtype="uint8")
    eight = Loader(data, replace(recipe, image=image), batch_size=8, seed=SEED)
    for there, here in zip(prefetch(eight, "cuda", dtype=torch.float32), expected, strict=True):
        rows = ~torch.from_numpy(here.plan.mixed)
        torch.testing.assert_close(there.images.cpu()[rows], here.images[rows], rtol=1e-6, atol=3e-6)
