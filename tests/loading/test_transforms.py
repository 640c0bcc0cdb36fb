"""A user's own transform: each image once, before mixing, seeded by its sample, whoever runs it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch
from torchvision import transforms as v1
from torchvision.transforms import v2

from impasto import BatchDataset, BatchKey, ImageRecipe, Loader, MixGen, Recipe, RecipeError, TransformError
from impasto.loading import Seeded
from impasto.sources import Sequence

RAW: dict[str, Any] = {"dtype": "uint8", "layout": "hwc"}
RECIPE = Recipe(image=ImageRecipe(size=24, **RAW), text=None)


@pytest.fixture(scope="module")
def data(pairs) -> Sequence:
    return Sequence([(str(path), captions) for path, captions in pairs[:12]])


def speckle(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random(image.shape) < 0.2, rng.integers(0, 256, image.shape, np.uint8), image).astype(np.uint8)


def invert(image: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
    tensor = torch.from_numpy(image).permute(2, 0, 1)
    return v2.functional.invert(tensor).permute(1, 2, 0)


def _epoch(data: Sequence, recipe: Recipe = RECIPE, **options: Any) -> list[Any]:
    return list(Loader(data, recipe, batch_size=4, seed=5, **options))


def test_whoever_runs_it_it_draws_the_same(data, digest) -> None:
    plain = _epoch(data)
    runs = [
        [digest(batch) for batch in _epoch(data, transform=speckle, **workers)]
        for workers in ({"workers": 0}, {"workers": 2}, {"workers": 2, "processes": True})
    ]
    assert runs[0] == runs[1] == runs[2]
    assert runs[0] != [digest(batch) for batch in plain]
    # The same sample in another batch and at another step of the epoch draws the same; in another epoch it doesn't.
    dataset = BatchDataset(data, RECIPE, transform=speckle)
    one, two = dataset[BatchKey([3, 7])], dataset[BatchKey([7])]
    assert torch.equal(one.images[1], two.images[0])
    drawn = []
    loader = Loader(data, RECIPE, batch_size=12, shuffle=False, transform=lambda image, rng: drawn.append(rng) or image)
    for _ in range(2):
        next(iter(loader))
    first = [rng.random() for rng in drawn]
    assert len(set(first)) == 24


def test_one_that_does_not_pickle_is_named(data) -> None:
    spawned: dict[str, Any] = {"processes": True, "multiprocessing_context": "spawn"}
    with pytest.raises(RecipeError, match=r"transform=.*<lambda> doesn't pickle.*top of a module"):
        _epoch(data, transform=lambda image, rng: image, **spawned)


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="Linux has such threads")
def test_threads_take_no_core_from_the_training_step(data) -> None:
    policies = []
    for workers in (1, 0):
        _epoch(data, workers=workers, transform=lambda image, rng: policies.append(os.sched_getscheduler(0)) or image)
    # whoever calls the loader keeps what it has
    assert policies == [os.SCHED_BATCH] * 12 + [os.sched_getscheduler(0)] * 12
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_it_comes_before_mixing(data) -> None:
    recipe = Recipe(image=ImageRecipe(size=24, **RAW), text=None, mix=MixGen(ratio=0.5, lam=0.25))
    plain = _epoch(data, workers=0)
    mixed = _epoch(data, recipe, workers=0, transform=invert)
    for own, both in zip(plain, mixed, strict=True):
        images = 255 - own.images.double()
        expected = 0.25 * images[:2] + 0.75 * images[2:]
        assert (both.images[:2].double() - expected).abs().max() <= 0.5
        assert torch.equal(both.images[2:].double(), images[2:])


def test_each_view_has_its_own(data) -> None:
    recipe = Recipe(image=(RECIPE.views[0], ImageRecipe(size=16, **RAW)), text=None)
    plain, changed = (_epoch(data, recipe, workers=0, transform=given)[0] for given in (None, (None, invert)))
    assert torch.equal(plain.images, changed.images)
    assert torch.equal(255 - plain.views[1], changed.views[1])


def _fails(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    raise ZeroDivisionError("no pixel")


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        (_fails, "view 0 failed: ZeroDivisionError: no pixel"),
        (lambda image, rng: image[:10], r"image \[24, 24, 3\] uint8.*not \[10, 24, 3\] uint8"),
        (lambda image, rng: image / 255, "not .* float64"),
        (lambda image, rng: None, "not NoneType"),
    ],
)
def test_failures_name_the_sample(data, transform, words) -> None:
    with pytest.raises(TransformError, match=words) as raised:
        _epoch(data, transform=transform, on_error="replace", manifest=None)
    assert raised.value.key in data.keys


def test_failures_in_processes_name_the_sample(data) -> None:
    with pytest.raises(TransformError, match="no pixel") as raised:
        _epoch(data, transform=_fails, processes=True)
    assert raised.value.key in data.keys


COLORS = v2.Compose([v2.RandomHorizontalFlip(), v2.ColorJitter(0.5, 0.5)])


def torchvisions(image: np.ndarray) -> torch.Tensor:
    return COLORS(torch.from_numpy(image).permute(2, 0, 1)).permute(1, 2, 0)


def test_generators_of_the_process_are_seeded_and_put_back(data, digest) -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    plain = [digest(batch) for batch in _epoch(data, workers=0)]
    alone = [digest(batch) for batch in _epoch(data, workers=0, transform=Seeded(torchvisions))]
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(1)
    processes = _epoch(data, workers=2, processes=True, transform=Seeded(torchvisions))
    assert alone == [digest(batch) for batch in processes]
    assert all(one != other for one, other in zip(plain, alone, strict=True))
    with pytest.raises(TransformError, match="processes=True"):
        _epoch(data, workers=1, transform=Seeded(torchvisions))


@pytest.mark.parametrize(
    "module",
    [
        v2.RandomInvert(p=1.0),
        v2.Compose([v2.ToImage(), v2.RandomInvert(p=1.0)]),
        v2.Compose([v2.RandomInvert(p=1.0), lambda tensor: tensor]),
        v1.RandomInvert(p=1.0),
        v1.Compose([v1.RandomInvert(p=1.0), v1.RandomHorizontalFlip(p=0.0)]),
        torch.nn.Sequential(v2.RandomInvert(p=1.0), v2.Identity()),
    ],
)
def test_modules_are_given_tensors(data, module) -> None:
    plain, inverted = (_epoch(data, workers=0, transform=given) for given in (None, Seeded(module)))
    for one, other in zip(plain, inverted, strict=True):
        assert torch.equal(255 - one.images, other.images)


def test_what_modules_draw_is_the_samples_own(data, digest) -> None:
    changing = Seeded(v2.Compose([v2.RandomPosterize(2), v2.ColorJitter(0.5), v2.GaussianBlur(3)]))
    alone = _epoch(data, workers=0, transform=changing)
    processes = _epoch(data, workers=2, processes=True, transform=changing)
    assert [digest(batch) for batch in alone] == [digest(batch) for batch in processes]
    dataset = BatchDataset(data, RECIPE, transform=changing)
    assert torch.equal(dataset[BatchKey([3, 7])].images[1], dataset[BatchKey([7])].images[0])


def test_what_modules_return_is_looked_at(data) -> None:
    for module, words in (
        (v2.Resize(8), r"tensor \[3, 24, 24\] uint8.*not \[3, 8, 8\]"),
        (v2.ToPILImage(), "not Image"),
    ):
        with pytest.raises(TransformError, match=words):
            _epoch(data, workers=0, transform=Seeded(module))


def test_modules_that_nobody_seeds_are_refused(data) -> None:
    composed = v1.Compose([v1.RandomInvert()])
    for given in (v2.RandomInvert(), v2.Compose([v2.RandomInvert()]), composed, (None, v2.RandomInvert())):
        recipe = Recipe(image=RECIPE.views * 2, text=None) if isinstance(given, tuple) else RECIPE
        with pytest.raises(RecipeError, match=r"torch module.*impasto\.loading\.Seeded\(\.\.\.\)"):
            BatchDataset(data, recipe, transform=given)
    with pytest.raises(RecipeError, match=r"modules.*functions.*v2\.Compose"):
        Seeded(v1.Compose([lambda image: image, v2.RandomInvert()]))


def test_what_is_no_transform_is_refused(data) -> None:
    for transform in ("blur", (invert, invert), (invert, 3)):
        with pytest.raises(RecipeError, match="function of"):
            BatchDataset(data, RECIPE, transform=transform)


def test_a_state_names_it(data) -> None:
    saved = Loader(data, RECIPE, batch_size=4, transform=speckle).state_dict()
    with pytest.raises(Exception, match=r"transform.*test_transforms\.speckle.*its default"):
        Loader(data, RECIPE, batch_size=4).load_state_dict(saved)
