"""Labels of every kind, captions that are not drawn, and loaders for evaluation."""

import io

import numpy as np
import PIL.Image
import pytest
import torch

from impasto import (
    CaptionError,
    ImageRecipe,
    Loader,
    MixGen,
    RandomSwap,
    Recipe,
    RecipeError,
    SourceError,
    TextRecipe,
)
from impasto.sources import HuggingFace, Sequence

RECIPE = Recipe(image=ImageRecipe(size=16, hflip=0.5), text=TextRecipe(length=24), mix=MixGen())


@pytest.fixture(scope="module")
def data(pairs):
    return Sequence([(str(path), ["  ", *captions]) for path, captions in pairs])


@pytest.fixture(scope="module")
def labelled(pairs):
    def facts(number):
        kinds = {
            "score": number / 4,
            "tags": [number % 2, number % 3 == 0, 0.5],
            "name": f"kind {number}",
            "count": number,
            "is_odd": np.bool_(number % 2),
            "either": number % 2 == 0 or number,
            "large": 2**63 + number,
        }
        kinds["array"] = np.asarray(kinds["tags"])
        return kinds | {"ragged": [1] * (number % 3), "odd": {"a": 1}, "none": None, "grid": np.eye(2)}

    return Sequence([(str(path), captions, facts(number)) for number, (path, captions) in enumerate(pairs)])


def first(data, **options):
    return next(iter(Loader(data, RECIPE, batch_size=6, workers=0, **options)))


def test_labels(labelled):
    numbers = first(labelled).samples.tolist()
    score, tags, name, count = (first(labelled, labels=kind).labels for kind in ("score", "tags", "name", "count"))
    assert score.dtype == torch.float32 and score.tolist() == [number / 4 for number in numbers]
    assert tags.dtype == torch.float32 and tags.tolist() == [[n % 2, n % 3 == 0, 0.5] for n in numbers]
    assert torch.equal(first(labelled, labels="array").labels, tags)
    assert name == [f"kind {number}" for number in numbers]
    assert count.dtype == torch.int64 and count.tolist() == numbers
    is_odd = first(labelled, labels="is_odd", fields=["is_odd"])
    assert is_odd.labels.tolist() == is_odd["is_odd"].tolist() == [n % 2 == 1 for n in numbers]
    assert is_odd.labels.dtype == is_odd["is_odd"].dtype == torch.bool
    batch = first(labelled, labels="name")
    assert "labels" not in batch and type(batch)(dict(batch)).labels == name
    assert first(labelled, labels="score", form="huggingface")["labels"].tolist() == score.tolist()


def test_labels_of_a_hugging_face_data_set(pairs):
    datasets = pytest.importorskip("datasets")
    rows = {"image": [path.read_bytes() for path, _ in pairs], "wide": [[n / 2, 1.0] for n in range(len(pairs))]}
    data = HuggingFace(datasets.Dataset.from_dict(rows), caption=None)
    batch = next(iter(Loader(data, Recipe(image=ImageRecipe(size=8), text=None), batch_size=4, labels="wide")))
    assert batch.labels.tolist() == [[number / 2, 1.0] for number in batch.samples.tolist()]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("ragged", r"is \[.*the batch's first is \[.*as many numbers"),
        ("odd", r"'odd' is \{'a': 1\} \(dict\); labels are.*all strings"),
        ("none", "'none' is None; labels are"),
        ("either", r"\((int|bool)\) where the batch's first is .*all truth values"),
        ("large", r"\(int\); labels are all numbers of 64 bits"),
        ("grid", r"\(ndarray\); labels are"),
        ("no", "its facts are"),
    ],
)
def test_labels_that_are_none(labelled, kind, told):
    with pytest.raises(SourceError, match=rf"(?s)sample '\d+'.*{told}"):
        first(labelled, labels=kind)


def test_all_captions(data, pairs):
    open_clip = pytest.importorskip("open_clip")
    for tokenizer in ("clip", open_clip.SimpleTokenizer()):
        recipe = Recipe(image=RECIPE.image, text=TextRecipe(tokenizer=tokenizer, length=24, captions="all"))
        batches = list(Loader.evaluation(data, recipe, batch_size=7))
        assert sum(len(batch) for batch in batches) == len(pairs)
        for batch in batches:
            own = [(row, one) for row, sample in enumerate(batch.samples.tolist()) for one in pairs[sample][1]]
            assert batch.captions == [caption for _, caption in own]
            assert batch.caption_rows.tolist() == [row for row, _ in own]
            assert torch.equal(batch.input_ids, open_clip.SimpleTokenizer()(batch.captions, context_length=24))
            assert (batch.plan.choices == -1).all() and list(batch)[-1] == "caption_rows"
    strings = Recipe(image=RECIPE.image, text=TextRecipe(tokenizer=None, captions="all", prepare="caption"))
    batch = next(iter(Loader(data, strings, batch_size=4)))
    assert batch.input_ids is None and all(caption == caption.lower() for caption in batch.captions)


def test_the_first_caption(data, pairs):
    recipe = Recipe(image=RECIPE.image, text=TextRecipe(length=24, captions="first"), mix=MixGen(ratio=0.5))
    for batch in Loader(data, recipe, batch_size=6):
        own = [pairs[sample][1][0] for sample in batch.samples.tolist()]
        assert batch.captions == [f"{own[row]} {own[row + 3]}" for row in range(3)] + own[3:]


def test_evaluation(data, pairs):
    loader = Loader.evaluation(data, RECIPE, batch_size=7, workers=2)
    batches = list(loader)
    assert [len(batch) for batch in batches] == [7] * 8 + [4] == [len(batch) for batch in loader]
    assert torch.cat([batch.samples for batch in batches]).tolist() == list(range(len(pairs)))
    for batch in batches[:2]:
        assert not batch.plan.mixed.any() and not batch.plan.flips.any()
        for image, sample in zip(batch.images, batch.samples.tolist(), strict=True):
            with PIL.Image.open(io.BytesIO(pairs[sample][0].read_bytes())) as picture:
                plain = np.asarray(picture.convert("RGB").resize((16, 16), PIL.Image.Resampling.BICUBIC)) / 255
            mean, std = (np.asarray(part) for part in RECIPE.image.mean_std)
            assert np.abs(image.permute(1, 2, 0).numpy() * std + mean - plain).mean() < 0.02
    center = Recipe(image=ImageRecipe(size=16, crop="center", resize=20)).evaluation()
    assert center.image.crop == "center" and center.image.resize == 20 and center.evaluation() == center


def test_what_is_not_drawn_is_not_mixed_or_changed(pairs):
    with pytest.raises(RecipeError, match="captions='all' are not mixed"):
        Recipe(text=TextRecipe(captions="all"), mix=MixGen())
    with pytest.raises(RecipeError, match="draws nothing"):
        TextRecipe(captions="first", augment=(RandomSwap(),))
    weighted = Recipe(text=TextRecipe(caption_weights=(2, 1)))
    for captions in ("first", "all"):
        with pytest.raises(RecipeError, match=r"draws none.*caption_weights="):
            TextRecipe(captions=captions, caption_weights=(2, 1))
        assert weighted.evaluation(captions=captions).text.caption_weights == ()
    masked = Recipe(text=TextRecipe(mask="random"))
    assert masked.evaluation().text.mask == masked.evaluation(captions="all").text.mask == "truncate"
    with pytest.raises(RecipeError, match="mask='random' draws"):
        TextRecipe(captions="all", mask="random")
    assert weighted.evaluation(captions="draw").text.caption_weights == (2, 1)
    with pytest.raises(RecipeError, match="captions='some'"):
        TextRecipe(captions="some")
    recipe = Recipe(image=RECIPE.image, text=TextRecipe(captions="all"))
    with pytest.raises(CaptionError, match="sample '1'"):
        list(Loader.evaluation(Sequence([(str(pairs[0][0]), "a"), (str(pairs[1][0]), " ")]), recipe, batch_size=2))
