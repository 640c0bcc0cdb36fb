"""ALBEF's cleaning, against the regular expressions that SPEC describes."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from impasto import ImageRecipe, Loader, Recipe, RecipeError, TextRecipe, ops
from impasto.sources import Sequence

texts = st.text(st.sampled_from("aB,.'!?\"()*#:;~-/ \t\n\x1c\u3000é<person>İΣ"), max_size=40)


def strip(text):
    return re.sub(r"[,.'!?\"()*#:;~]", "", text.lower()).replace("-", " ").replace("/", " ")


def caption_of(text, most):
    clean = re.sub(r"\s{2,}", " ", strip(text).replace("<person>", "person")).rstrip("\n").strip(" ")
    return " ".join(clean.split(" ")[:most])


def question_of(text, most):
    return " ".join(strip(text).rstrip(" ").split(" ")[:most])


@given(text=texts, most=st.integers(1, 6))
@example(text=" A <person>'s black-and/white  dog\n\n", most=30)
def test_captions_and_questions(text, most):
    assert ops.pre_caption(text, most) == caption_of(text, most)
    assert ops.pre_question(text, most) == question_of(text, most)


def test_in_the_loader(photographs, encode):
    data = Sequence([(encode(photographs["coffee"][:32, :32]), "A Cup, of-coffee!! on a table.")])
    text = TextRecipe(prepare="caption", max_words=4, tokenizer=None)
    batch = next(iter(Loader(data, Recipe(image=ImageRecipe(size=8), text=text), batch_size=1)))
    assert batch.captions == ["a cup of coffee"]


def test_what_makes_no_sense():
    with pytest.raises(RecipeError, match="max_words=0"):
        ops.pre_caption("a", 0)
    with pytest.raises(RecipeError, match="prepare='albef'"):
        TextRecipe(prepare="albef")
