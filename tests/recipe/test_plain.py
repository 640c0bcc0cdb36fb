"""Recipes as dictionaries: whatever a recipe holds comes back through YAML's types, and slips of the pen are named."""

import dataclasses
import inspect
import json

import numpy as np
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


SHARE = np.float32(0.25)
PAIR = (np.float64(0.25), np.int64(1))
#: Every value of the face, none of its arguments the default one, and numpy's numbers where there are any.
IMAGES = {
    "TrivialAugment": {},
    "RandAugment": {"n": np.int64(1), "m": np.uint8(9), "ops": "torchvision", "p": SHARE},
    "ColorJitter": {"brightness": SHARE, "contrast": PAIR, "saturation": PAIR, "hue": SHARE, "p": SHARE},
    "Grayscale": {"p": SHARE},
    "GaussianBlur": {"kernel": np.int32(3), "sigma": PAIR, "p": SHARE},
    "RandomErasing": {"p": SHARE, "scale": PAIR, "ratio": PAIR, "fill": (np.uint8(1), 2, 3)},
}
WORDS = {
    "RandomDeletion": {"p": SHARE},
    "RandomSwap": {"n": np.int64(2)},
    "FrequencyDropout": {"frequencies": {"the": SHARE, "kind": 0.5}, "threshold": np.float64(0.01)},
    "TagShuffle": {"keep": np.int64(1), "separator": ";"},
    "TagDropout": {"p": SHARE, "keep": np.int64(1), "separator": ";"},
    "CaptionDropout": {"p": SHARE, "keep": np.int64(1), "separator": ";"},
    "CaptionTemplate": {"templates": ("a photo of {}",)},
}
MIXES = {
    "MixUp": {"alpha": SHARE, "probability": SHARE},
    "CutMix": {"alpha": PAIR[0], "count": np.int64(3)},
    "CutMixUp": {"inside": SHARE, "sides": PAIR},
    "PatchMix": {"grid": np.int64(7), "lam": np.float16(0.5)},
}
TOKENIZERS = {
    "ClipTokenizer": {"vocabulary": "a.txt", "clean": "none", "pad_id": np.int64(1), "specials": "parse"},
    "BertTokenizer": {
        "vocabulary": "a.txt",
        "lowercase": np.bool_(False),
        "pad_id": np.int64(1),
        "end": False,
        "specials": "parse",
    },
    "TokenizerFile": {"path": "tokenizer.json", "pad_id": np.int64(1), "specials": "parse"},
}
PLAIN = {
    "ImageRecipe": {
        "size": (np.int64(32), 64),
        "crop": "center",
        "scale": PAIR,
        "ratio": PAIR,
        "resize": np.int64(70),
        "fill": (1, 2, np.uint8(3)),
        "hflip": SHARE,
        "interpolation": "bilinear",
        "dtype": "float16",
        "normalize": ((SHARE,) * 3, (SHARE,) * 3),
        "layout": "hwc",
        "exact": np.bool_(True),
        "exif": "apply",
        "truncated": "keep",
        "max_pixels": np.int64(99),
        "max_bytes": np.int64(99),
        "max_scans": np.int64(9),
        "augment": tuple({"kind": name} | arguments for name, arguments in IMAGES.items()),
        "patch_drop": {"patch": np.int64(8), "keep": SHARE},
    },
    "TextRecipe": {
        "tokenizer": "clip",
        "length": np.int64(9),
        "max_bytes": np.int64(99),
        "prepare": "question",
        "max_words": np.int64(9),
        "caption_weights": PAIR,
        "mask": "block",
        "captions": "draw",
        "augment": tuple({"kind": name} | arguments for name, arguments in WORDS.items()),
    },
    "MixGen": {
        "ratio": np.float16(0.125),
        "count": np.int64(1),
        "lam": {"kind": "Beta", "a": SHARE, "b": np.int64(2)},
        "lam_per": "sample",
        "image": "cut_blend",
        "inside": SHARE,
        "sides": PAIR,
        "grid": np.int64(4),
        "text": "join",
        "join": ", ",
        "keep": SHARE,
        "unit": "words",
        "pairing": "fit",
        "probability": SHARE,
        "warmup": np.int64(3),
        "budget": "error",
    },
    "Alternate": {
        "mixes": tuple({"kind": name} | arguments for name, arguments in MIXES.items()),
        "weights": (SHARE, 1, 2, np.int64(3)),
    },
    "PatchDrop": {},
    "Beta": {},
}


def kinds_within(plain):
    parts = [*plain, *plain.values()] if isinstance(plain, dict) else plain if isinstance(plain, list) else []
    return {type(plain)}.union(*map(kinds_within, parts))


def test_every_value_of_the_face_comes_and_goes():
    """Through dictionaries that people write and YAML's types, which are Python's own."""
    values = {name: getattr(kinds, name) for name in dir(kinds)}
    known = {name for name, one in values.items() if isinstance(one, type) and dataclasses.is_dataclass(one)}
    known |= {name for name, one in values.items() if inspect.isfunction(one) and name[0].isupper()}
    assert known - {"Recipe"} == {*IMAGES, *WORDS, *MIXES, *TOKENIZERS, *PLAIN}
    image, text, mix, alternate = (PLAIN[name] for name in ("ImageRecipe", "TextRecipe", "MixGen", "Alternate"))
    recipes = [{"image": [image, image], "text": text, "mix": mix}, {"mix": {"kind": "Alternate"} | alternate}]
    recipes.append({"image": {"shapes": [(np.int64(8), 8), [4, np.uint8(16)]]}})  # in place of a size
    for name, arguments in TOKENIZERS.items():
        recipes.append({"text": {"tokenizer": {"kind": name} | arguments}})
    for plain in recipes:
        recipe = Recipe.from_dict(plain)
        written = recipe.as_dict()
        assert kinds_within(written) <= {dict, list, str, int, float, bool, type(None)} and "np." not in repr(recipe)
        assert Recipe.from_dict(json.loads(json.dumps(written))) == recipe
    whole = recipes[0]
    made = Recipe.from_dict(whole)
    for value, asked in ((made.image[0], image), (made.text, text), (made.mix, mix)):
        for field in dataclasses.fields(value):
            same = field.name in ("tokenizer", "captions", "text", "shapes")  # what the others need, or need not be
            assert same or (getattr(value, field.name) != field.default and field.name in asked), field.name
    assert made.native and ImageRecipe(size=np.int64(32)).shape == (32, 32)


def test_lists_are_tuples():
    """As a YAML file has them, in a value that people make themselves."""
    pair, triple = [0.5, 1.0], [0.1, 0.2, 0.3]
    made = ImageRecipe(size=[4, 5], scale=pair, fill=[1, 2, 3], normalize=[triple, triple], augment=[Grayscale()])
    recipe = Recipe(image=made, text=TextRecipe(caption_weights=pair))
    again = Recipe.from_dict(recipe.as_dict())
    assert again == recipe and hash(again) == hash(recipe) and repr(again) == repr(recipe)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"mix": {"lam": {"kind": "Beta", "a": 1}}}, r"mix\.lam lacks b: a Beta has no default for it"),
        ({"text": {"augment": [{"kind": "CaptionTemplate"}]}}, r"text\.augment lacks templates"),
        (
            {"image": {"augment": [{"kind": ["Grayscale"]}]}},
            r"image\.augment has kind=\['Grayscale'\], which is not known",
        ),
        ({"text": {"augment": [{"kind": "FrequencyDropout", "frequencies": 5}]}}, "frequencies=5 must be a mapping"),
        ({"imge": {}}, "no field 'imge'; did you mean 'image'"),
        ({"image": {"sise": 224}}, "image has no field 'sise'; did you mean 'size'"),
        ({"image": {"augment": [{"kind": "RandAug"}]}}, r"image\.augment has kind='RandAug'.*RandAugment"),
        ({"image": {"size": -1}}, "size=-1"),
        ({"mix": {"lam": {"a": 1}}}, r"mix\.lam has kind=None"),
        ({"mix": {"kind": "CutMix", "alfa": 1}}, "mix has no field 'alfa'; did you mean 'alpha'"),
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


def words(captions: list[str]) -> list[list[int]]:
    return [[len(word) for word in caption.split()] for caption in captions]


def test_a_tokenizer_of_others_is_named_and_given_again():
    recipe = Recipe(text=TextRecipe(tokenizer=words, length=9))
    plain = json.loads(json.dumps(recipe.as_dict()))
    name = recipe.text.tokenizer.fact
    assert plain["text"]["tokenizer"] == {"kind": "ForeignTokenizer", "name": name} and name.endswith(".words")
    assert Recipe.from_dict(plain, tokenizer=words) == recipe
    with pytest.raises(RecipeError, match=rf"text\.tokenizer was {name}.*from_dict\(plain, tokenizer="):
        Recipe.from_dict(plain)
    with pytest.raises(RecipeError, match=rf"is builtins\.sorted, and the recipe was written with {name}"):
        Recipe.from_dict(plain, tokenizer=sorted)
    assert Recipe.from_dict({}, tokenizer=words).text.tokenizer.tokenizer is words
    with pytest.raises(RecipeError, match="text=None"):
        Recipe.from_dict({"text": None}, tokenizer=words)


def test_recipes_with_tokenizers_of_others_differ_by_name():
    one, other = (Recipe(text=TextRecipe(tokenizer=given, length=9)) for given in (words, sorted))
    assert one.differences(one) == {}
    names = tuple(recipe.text.tokenizer.fact for recipe in (one, other))
    assert one.differences(other) == {"text.tokenizer.name": names}
    assert one.differences(Recipe(text=TextRecipe(length=9))).keys() == {"text.tokenizer"}
    with pytest.raises(RecipeError, match="other must be of kind Recipe, not int"):
        one.differences(3)
