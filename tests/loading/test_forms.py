"""Batches as a mapping, in the forms that trainers take, and what passes through."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError

import pytest
import torch
from torch.utils.data import DataLoader

from impasto import (
    Batch,
    BatchDataset,
    BatchError,
    BatchMixGen,
    BatchSampler,
    ImageRecipe,
    Loader,
    MixGen,
    Recipe,
    RecipeError,
    SourceError,
    TextRecipe,
    plan_at,
)
from impasto.loading import prefetch
from impasto.sources import Sequence

RECIPE = Recipe(image=ImageRecipe(size=16), text=TextRecipe(length=24))


def facts(number):
    return {"image_id": 100 + number, "score": number / 4, "question": f"what is {number}?", "answers": ["a"] * number}


@pytest.fixture(scope="module")
def data(pairs):
    rows = enumerate(pairs)
    return Sequence([(str(path), captions[0], facts(number)) for number, (path, captions) in rows])


@pytest.fixture(scope="module")
def batch(data):
    return first(data, fields=("image_id", "question"))


def first(data, **options):
    return next(iter(Loader(data, RECIPE, batch_size=8, workers=0, **options)))


def test_a_batch_is_a_mapping_of_its_tensors(batch):
    names = ["images", "input_ids", "attention_mask", "lost", "samples", "image_id"]
    assert isinstance(batch, Mapping) and list(batch) == list(batch.keys()) == names
    assert batch.keys() == set(names) and len(batch) == 8
    assert all(torch.equal(batch[name], tensor) for name, tensor in batch.items())
    assert batch["images"] is batch.images and batch.get("labels") is None and "captions" not in batch
    with pytest.raises(KeyError, match=r"batch\.captions"):
        batch["captions"]
    with pytest.raises(FrozenInstanceError, match=r"changed\(images="):
        batch.images = None
    assert list(batch.keys) == [str(number) for number in batch.samples.tolist()]


@pytest.mark.parametrize(
    "rebuild",
    [
        lambda batch: type(batch)({name: tensor + 0 for name, tensor in batch.items()}),
        lambda batch: type(batch)({**batch, "images": batch.images + 1}),
        lambda batch: pickle.loads(pickle.dumps(batch)),
        copy.deepcopy,
        lambda batch: batch.to(torch.float16),
        lambda batch: batch.changed(images=batch.images * 2),
        lambda batch: BatchMixGen(MixGen(ratio=0.25))(batch),
    ],
)
def test_what_is_rebuilt_has_all_its_parts(batch, rebuild):
    again = rebuild(batch)
    assert type(again) is Batch and list(again) == list(batch) and again is not batch
    assert again.id == batch.id and again.keys == batch.keys and again.fields["question"] == batch.fields["question"]
    assert again.plan.boxes.tolist() == batch.plan.boxes.tolist()
    assert again.images is again["images"] and torch.equal(again.fields["image_id"], batch["image_id"])


def test_rows_of_several_batches_have_no_plan(batch):
    joined = type(batch)({name: torch.cat([tensor, tensor]) for name, tensor in batch.items()})
    assert len(joined) == 16
    for part in ("plan", "id", "captions", "replaced"):
        with pytest.raises(BatchError, match=f"no {part}"):
            getattr(joined, part)
    with pytest.raises(BatchError, match="no keys"):
        list(joined.keys)
    assert "images" in joined.keys() and "other code" in repr(joined)  # noqa: SIM118 - as frameworks ask


def test_mixgen_takes_a_batch(batch):
    mix = MixGen(ratio=0.25, lam=0.3)
    mixed = BatchMixGen(mix, seed=3)(batch)
    images = batch.images.clone()
    images[:2] = 0.3 * images[:2] + 0.7 * images[2:4]
    torch.testing.assert_close(mixed.images, images)
    assert mixed.captions[0] == f"{batch.captions[0]} {batch.captions[2]}"
    drawn = plan_at(mix, seed=3, batch_size=8, epoch=batch.id.epoch, step=batch.id.step)
    assert mixed.plan.partners.tolist() == drawn.partners.tolist() == [2, 3, 2, 3, 4, 5, 6, 7]
    with pytest.raises(RecipeError, match="has mixed this batch"):
        BatchMixGen(mix)(mixed)


def test_mixgen_gives_the_kind_that_it_takes(batch):
    class Other(dict):
        more = None

    other = Other(images=batch.images)
    other.more = 3
    for mixgen in (BatchMixGen(MixGen()), BatchMixGen(MixGen()).eval()):
        mixed = mixgen(other)
        assert type(mixed) is Other and mixed.more == 3 and mixed is not other


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("huggingface", ["pixel_values", "input_ids", "attention_mask"]),
        ({"pixels": "images", "q": "question"}, ["pixels", "q"]),
        ("dict", ["images", "input_ids", "attention_mask", "captions", "lost", "samples", "keys", "question"]),
    ],
)
def test_dictionaries(data, form, names):
    plain, formed = (first(data, fields=["question"], form=one) for one in (None, form))
    assert type(formed) is dict and list(formed) == names
    assert torch.equal(next(iter(formed.values())), plain.images)


def test_tuples_and_functions(data):
    plain = first(data)
    for form, texts in (("open_clip", plain.input_ids), ("albef", plain.captions), ("tuple", plain.input_ids)):
        images, second = first(data, form=form)
        assert torch.equal(images, plain.images)
        assert second == texts if form == "albef" else torch.equal(second, texts)
    assert first(data, form=lambda batch: batch.plan.choices.tolist()) == plain.plan.choices.tolist()


@pytest.mark.parametrize("workers", [0, 1])
def test_a_stock_loader_gives_the_form(data, workers):
    dataset = BatchDataset(data, RECIPE, form="huggingface")
    stock = DataLoader(dataset, batch_sampler=BatchSampler(dataset, 8), num_workers=workers)
    assert torch.equal(next(iter(stock))["pixel_values"], first(data).images)
    own = DataLoader(
        dataset, batch_sampler=BatchSampler(dataset, 8), num_workers=workers, collate_fn=lambda batches: batches[0].form
    )
    assert torch.equal(next(iter(own))["pixel_values"], first(data).images)


def test_forms_that_are_none(data):
    wrong = ("hugging", "not known"), ({"a": "b"}, r"names \['b'\]"), (3, "must be a name"), ({}, "names nothing")
    for form, told in wrong:
        with pytest.raises(RecipeError, match=told):
            Loader(data, RECIPE, batch_size=8, form=form)
    with pytest.raises(RecipeError, match="no input_ids"):
        next(iter(Loader(data, Recipe(text=None), batch_size=8, form="open_clip")))


def test_forms_say_whose_all_captions_are(data):
    every = Loader(data, Recipe(image=RECIPE.image, text=TextRecipe(length=24, captions="all")), batch_size=8)
    named = {"pixels": "images", "texts": "input_ids"}
    for form in ("open_clip", "tuple", "albef", "huggingface", named):
        for make in (
            lambda form=form: every.dataset.in_form(form),
            lambda form=form: prefetch(every, "cpu", form=form),
        ):
            with pytest.raises(RecipeError, match=r"caption_rows.*captions='first'"):
                make()
    for form, texts in (("dict", "input_ids"), (named | {"caption_rows": "caption_rows"}, "texts")):
        made = next(iter(prefetch(every, "cpu", form=form)))
        assert len(made["caption_rows"]) == len(made[texts])


def test_fields_pass_through(data):
    batch = first(data, fields=("image_id", "score", "question", "answers"))
    numbers = batch.samples.tolist()
    for name, column in batch.fields.items():
        values = [facts(number)[name] for number in numbers]
        assert (column.tolist() if isinstance(column, torch.Tensor) else column) == values
    kinds = [type(column).__name__ for column in batch.fields.values()]
    assert sorted(kinds) == ["Tensor", "Tensor", "list", "list"]
    assert batch["image_id"].dtype == torch.int64 and batch["score"].dtype == torch.float32


def test_fields_get_other_names(data):
    fields = {"question_text": "question", "sample_id": "image_id"}
    plain, named = first(data, fields=("question", "image_id")), first(data, fields=fields)
    assert [*named.fields] == [*fields]
    assert named["sample_id"].tolist() == plain["image_id"].tolist()
    assert named.fields["question_text"] == plain.fields["question"]
    formed = first(data, fields=fields, form={"number": "sample_id"})
    assert formed["number"].tolist() == plain["image_id"].tolist()
    with pytest.raises(RecipeError, match=r"own parts.*fields=\{'sample_id': 'id'\}"):
        first(data, fields=["id"])
    with pytest.raises(RecipeError, match=r"fields=\{'sample_plan': 'question'\}"):
        first(data, fields={"plan": "question"})


def test_fields_keep_their_order(data):
    names = ["image_id", "question", "score"]
    for order in (names, names[::-1]):
        batch = first(data, fields=order)
        assert (
            [*batch.fields]
            == [*type(batch)(dict(batch)).fields]
            == [*pickle.loads(pickle.dumps(batch)).fields]
            == order
        )


def test_fields_follow_substitutes(pairs):
    rows = [
        (b"no image" if number % 8 == 0 else str(path), "a", facts(number)) for number, (path, _) in enumerate(pairs)
    ]
    batch = first(Sequence(rows), fields=["image_id"], on_error="replace", budget=1, manifest=None)
    assert batch.replaced and batch["image_id"].tolist() == [100 + number for number in batch.samples.tolist()]
    assert all(number % 8 for number in batch.samples.tolist())


def test_fields_that_are_not_there(data):
    with pytest.raises(SourceError, match=r"sample '\d+'.*no \['colour'\]; its facts are \['image_id', 'score'"):
        first(data, fields=["colour"])
    for fields, told in (
        (["images"], "own parts"),
        (["images_2"], "own parts"),
        ("score", "names of facts"),
        (["a", "a"], "twice"),
        ({"a": 1}, "names of facts"),
        (None, "names of facts"),
    ):
        with pytest.raises(RecipeError, match=told):
            Loader(data, RECIPE, batch_size=8, fields=fields)
