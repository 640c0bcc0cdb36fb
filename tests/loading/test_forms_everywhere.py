"""Every form comes by every way alike: threads, processes, a stock loader's workers, to a device, with views."""

from __future__ import annotations

from collections import OrderedDict, UserDict, defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

import pytest
import torch
from torch.utils.data import DataLoader

from impasto import BatchDataset, BatchMixGen, BatchSampler, ImageRecipe, Loader, MixGen, RecipeError
from impasto.loading import prefetch
from impasto.sources import Sequence

OPTIONS = {"seed": 3, "fields": ("question",)}


@pytest.fixture(scope="module")
def data(pairs):
    rows = [(str(path), captions, {"question": f"what is {n}?"}) for n, (path, captions) in enumerate(pairs[:20])]
    return Sequence(rows)


@pytest.fixture(scope="module")
def views(recipe):
    second = ImageRecipe(size=24, scale=(0.3, 1.0))
    return replace(recipe, image=(replace(second, size=32), second))


class Named(NamedTuple):
    pixels: torch.Tensor
    more: list[str]


@dataclass(frozen=True)
class Given:
    pixels: torch.Tensor
    half: torch.Tensor


FORMS = {
    "huggingface": "huggingface",
    "open_clip": "open_clip",
    "albef": "albef",
    "dict": "dict",
    "tuple": "tuple",
    "names": {"pixels": "images", "asked": "question", "which": "id"},
    "a named tuple": lambda batch: Named(batch.images, batch.captions),
    "a dataclass": lambda batch: Given(batch.images, batch.images[::2]),
    "a defaultdict": lambda batch: defaultdict(list, pixels=batch.images),
    "ordered": lambda batch: OrderedDict(pixels=batch.images, sum=batch.images.sum()),
    "a user's dict": lambda batch: UserDict(pixels=batch.images, batch=batch),
    "text": lambda batch: " ".join(batch.captions),
    "None": lambda batch: None,
    "a batch": lambda batch: batch,
}


def stock(data, recipe, form, workers, **options):
    dataset = BatchDataset(data, recipe, form=form, **OPTIONS)
    return DataLoader(dataset, batch_sampler=BatchSampler(dataset, 8), num_workers=workers, **options)


def own(data, recipe, form, **options):
    return Loader(data, recipe, batch_size=8, form=form, **OPTIONS, **options)


WAYS = {
    "threads": lambda *given: own(*given, workers=2),
    "processes": lambda *given: own(*given, workers=2, processes=True),
    "device": lambda *given: own(*given, workers=1, device="cpu"),
    "processes to a device": lambda *given: own(*given, workers=1, processes=True, device="cpu"),
    "stock": lambda *given: stock(*given, 0),
    "a stock worker": lambda *given: stock(*given, 1),
    "prefetch of stock": lambda *given: prefetch(stock(*given, 1), "cpu"),
    "prefetch of processes": lambda *given: prefetch(own(*given, workers=1, processes=True), "cpu"),
}


def told(value):
    """What something is made of, as it compares."""
    if isinstance(value, torch.Tensor):
        return type(value).__name__, value.dtype, value.tolist()
    if isinstance(value, Given):
        return "Given", told(vars(value))
    if hasattr(value, "items"):
        return type(value).__name__, {str(name): told(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [told(part) for part in value]
    return value


@pytest.mark.parametrize("way", WAYS)
def test_all_forms(data, recipe, way):
    """One pass over the forms, as processes take a while to start."""
    for name, form in FORMS.items():
        expected = [told(given) for given in own(data, recipe, form, workers=0)]
        assert [told(given) for given in WAYS[way](data, recipe, form)] == expected, name


@pytest.mark.parametrize("way", ["threads", "processes", "a stock worker", "prefetch of stock"])
def test_views(data, views, way):
    for form in ("dict", {"first": "images", "second": "images_1"}, lambda batch: batch.views):
        expected = [told(given) for given in own(data, views, form, workers=0)]
        assert [told(given) for given in WAYS[way](data, views, form)] == expected


@pytest.mark.parametrize("form", ["huggingface", "open_clip", "albef", "tuple"])
def test_no_view_is_dropped_silently(data, views, form):
    with pytest.raises(RecipeError, match=rf"{form}.*place for one view, and the recipe has 2; use 'dict'"):
        own(data, views, form)
    with pytest.raises(RecipeError, match="place for one view"):
        BatchDataset(data, views, form=form)


@pytest.mark.parametrize("context", ["forkserver", "spawn"])
def test_forms_stay_at_home(data, recipe, context):
    """A loader's workers need not be sent its form, which may not pickle."""
    given = own(data, recipe, lambda batch: batch.keys[0], workers=1, processes=True, multiprocessing_context=context)
    assert list(given) == list(own(data, recipe, lambda batch: batch.keys[0], workers=0))


def test_who_takes_a_loaders_data_set_has_its_form(data, recipe):
    """As Accelerate's skip_first_batches does."""
    loader = own(data, recipe, "open_clip", workers=0, on_error="replace", manifest=None)
    taken = DataLoader(loader.dataset, batch_sampler=loader.batch_sampler)
    assert told(next(iter(taken))) == told(next(iter(own(data, recipe, "open_clip"))))
    assert loader.dataset.bad_samples.count == 0


def test_the_form_comes_last(data, recipe):
    """After the transform, which has the batch's id, and after the images are floats."""
    eight = replace(recipe, image=replace(recipe.image, dtype="uint8"), mix=None)
    mixgen = BatchMixGen(MixGen(ratio=0.25), seed=5)
    for loader in (own(data, eight, None), stock(data, eight, None, 1)):
        formed = prefetch(loader, "cpu", dtype=torch.float16, transform=_floats(mixgen), form="open_clip")
        for (images, ids), batch in zip(formed, own(data, eight, None), strict=True):
            mixed = mixgen(_floats()(batch), id=batch.id)
            assert images.dtype == torch.float16 and torch.equal(images, mixed.images.half())
            assert torch.equal(ids, mixed.input_ids)


def _floats(then=None):
    def transform(batch, *, id=None):
        batch = batch.changed(images=batch.images.float() / 255)
        return batch if then is None else then(batch, id=id)

    return transform


def test_what_a_form_has_lost_is_told(data, recipe):
    for loader in (own(data, recipe, "dict"), stock(data, recipe, "dict", 0)):
        with pytest.raises(RecipeError, match=r"takes id=.*give the loader's form= to prefetch\(form=\)"):
            next(iter(prefetch(loader, "cpu", transform=BatchMixGen(MixGen()))))
        for options in ({"dtype": torch.float16}, {"form": "tuple"}):
            with pytest.raises(RecipeError, match=r"= is of an impasto.Batch, not of a dict; .*prefetch\(form=\)"):
                next(iter(prefetch(loader, "cpu", **options)))
    with pytest.raises(RecipeError, match="names"):
        prefetch(own(data, recipe, None), "cpu", form={"a": "nothing"})
    named = prefetch(own(data, recipe, None), "cpu", form={"asked": "question"})
    assert list(named) == list(own(data, recipe, {"asked": "question"}))
