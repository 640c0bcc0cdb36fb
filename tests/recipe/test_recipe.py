"""Recipes are values: they compare, hash, print and travel."""

import copy
import pickle

import pytest

from impasto import BertTokenizer, ClipTokenizer, ImageRecipe, MixGen, Recipe, TextRecipe, VocabularyError

RECIPES = [
    Recipe(),
    Recipe(image=ImageRecipe(size=(32, 64), normalize=((0.1, 0.2, 0.3), (1, 2, 3))), text=None),
    Recipe(text=TextRecipe(tokenizer=ClipTokenizer(specials="parse"), length=20), mix=MixGen(ratio=0.5, lam=0.1)),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_are_values(recipe):
    recipe.native  # noqa: B018  built before it travels
    for other in (pickle.loads(pickle.dumps(recipe)), copy.deepcopy(recipe), eval(repr(recipe))):
        assert other == recipe and hash(other) == hash(recipe)
        assert other.native.image_bytes == recipe.native.image_bytes
    assert len(set(RECIPES)) == len(RECIPES)


def test_a_recipe_can_be_used_without_its_vocabulary_until_it_loads(tmp_path):
    recipe = Recipe(text=TextRecipe(tokenizer=BertTokenizer(vocabulary=tmp_path / "vocab.txt")))
    with pytest.raises(VocabularyError, match=r"vocab\.txt"):
        recipe.native  # noqa: B018


def test_image_bytes_are_those_of_the_dtype():
    def size(**options):
        return Recipe(image=ImageRecipe(size=(3, 5), **options), text=None).native.image_bytes[0]

    assert [size(dtype=dtype) for dtype in ("float32", "float16", "bfloat16", "uint8")] == [180, 90, 90, 45]
