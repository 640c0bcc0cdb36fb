"""Recipes as dictionaries: whatever a recipe holds comes back through YAML's types, and slips of the pen are named."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import recipe as kinds
from impasto.errors import RecipeError
from impasto.recipe import (
    BertTokenizer,
    Beta,
    ClipTokenizer,
    ColorJitter,
    GaussianBlur,
    Grayscale,
    ImageRecipe,
    MixGen,
    PatchDrop,
    RandAugment,
    RandomDeletion,
    RandomErasing,
    RandomSwap,
    Recipe,
    TextRecipe,
    TrivialAugment,
)

share = st.floats(0, 1)
images = st.builds(
    ImageRecipe,
    size=st.integers(1, 500) | st.tuples(st.integers(1, 500), st.integers(1, 500)),
    crop=st.sampled_from(["random", "center", "none", "pad"]),
    patch_drop=st.none() | st.builds(PatchDrop, patch=st.just(1), keep=st.floats(0.1, 1)),
    hflip=st.none() | share,
    normalize=st.sampled_from([None, "clip", ((0.1, 0.2, 0.3), (1.0, 2.0, 3.0))]),
    augment=st.lists(
        st.builds(RandAugment, n=st.integers(0, 9), m=st.floats(0, 10))
        | st.sampled_from([TrivialAugment(), Grayscale(), GaussianBlur(), RandomErasing(), ColorJitter()]),
        max_size=3,
    ).map(tuple),
)
tokenizers = st.sampled_from(["clip", ClipTokenizer(specials="parse"), BertTokenizer(vocabulary="vocab.txt")])
texts = st.builds(
    TextRecipe,
    tokenizer=tokenizers,
    augment=st.lists(st.builds(RandomDeletion, p=share) | st.builds(RandomSwap), max_size=2).map(tuple),
)
mixes = st.builds(MixGen, ratio=st.floats(0, 0.5), lam=share | st.builds(Beta, st.floats(0.1, 9), st.floats(0.1, 9)))


@given(
    st.builds(
        Recipe,
        image=images | st.lists(images, min_size=1, max_size=3).map(tuple),
        text=st.none() | texts,
        mix=st.none(),
    )
    | st.builds(Recipe, mix=mixes)
)
def test_a_recipe_comes_back(recipe):
    plain = json.loads(json.dumps(recipe.as_dict()))
    assert Recipe.from_dict(plain) == recipe
    assert recipe.differences(Recipe.from_dict(plain)) == {}


def test_every_kind_of_value_has_a_name():
    values = [getattr(kinds, name) for name in dir(kinds)]
    known = {one.__name__ for one in values if isinstance(one, type) and dataclasses.is_dataclass(one)}
    from impasto.recipe.plain import KINDS

    assert known - {"Recipe"} == set(KINDS)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"imge": {}}, "no field 'imge'; did you mean 'image'"),
        ({"image": {"sise": 224}}, "image has no field 'sise'; did you mean 'size'"),
        ({"image": {"augment": [{"kind": "RandAug"}]}}, r"image\.augment has kind='RandAug'.*RandAugment"),
        ({"image": {"size": -1}}, "size=-1"),
        ({"mix": {"lam": {"a": 1}}}, r"mix\.lam has kind=None"),
        ([], "must be a mapping"),
    ],
)
def test_slips_are_named(plain, words):
    with pytest.raises(RecipeError, match=words):
        Recipe.from_dict(plain)


def test_what_has_no_plain_form_is_named():
    class Mine(kinds.Augmentation):
        native = TrivialAugment().native

    with pytest.raises(RecipeError, match=r"augment=.*Mine.*no plain form"):
        Recipe(image=ImageRecipe(augment=(Mine(),))).as_dict()


def test_differences_are_by_field():
    other = Recipe(image=ImageRecipe(size=96, augment=(Grayscale(),)), mix=MixGen())
    found = Recipe().differences(other)
    assert found["image.size"] == (224, 96)
    assert set(found) == {"image.size", "image.augment", "mix"}
