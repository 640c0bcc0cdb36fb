"""Tokenizers of others, called with mixed captions: what they give when they are asked in a test, is in the batch."""

import pickle

import numpy as np
import pytest
import torch

from impasto import (
    BatchDataset,
    BertTokenizer,
    CaptionError,
    ImageRecipe,
    Loader,
    MixGen,
    Recipe,
    RecipeError,
    TextRecipe,
)
from impasto.recipe import ForeignTokenizer
from impasto.sources import Sequence

tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")
LENGTH = 12


def spelled(captions):
    return [[ord(letter) for letter in caption] for caption in captions]


def made(kind, captions):
    """A small tokenizer, trained on captions."""
    model, trainer, before = {
        "unigram": (
            tokenizers.models.Unigram(),
            tokenizers.trainers.UnigramTrainer,
            tokenizers.pre_tokenizers.Metaspace(),
        ),
        "bytes": (tokenizers.models.BPE(), tokenizers.trainers.BpeTrainer, tokenizers.pre_tokenizers.ByteLevel()),
        "words": (
            tokenizers.models.WordPiece(unk_token="[UNK]"),
            tokenizers.trainers.WordPieceTrainer,
            tokenizers.pre_tokenizers.BertPreTokenizer(),
        ),
    }[kind]
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = before
    options = {"unk_token": "[UNK]"} if kind == "unigram" else {}
    special = ["[UNK]", "[PAD]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(captions, trainer(vocab_size=120, special_tokens=special, **options))
    ends = [("[CLS]", 2), ("[SEP]", 3)]
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=ends)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]")


@pytest.fixture(scope="module")
def data(pairs):
    return Sequence([(str(path), captions[0]) for path, captions in pairs])


@pytest.fixture(scope="module")
def captions(pairs):
    return [caption for _, own in pairs for caption in own]


def recipe(tokenizer, length=LENGTH, **mix):
    mixed = MixGen(ratio=0.25, **mix)
    return Recipe(image=ImageRecipe(size=8), text=TextRecipe(tokenizer=tokenizer, length=length), mix=mixed)


def first(data, tokenizer, length=LENGTH, **options):
    return next(iter(Loader(data, recipe(tokenizer, length), batch_size=12, **options)))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", ["unigram", "bytes", "words"])
def test_hugging_face(data, captions, kind, side):
    tokenizer = made(kind, captions)
    tokenizer.padding_side = side
    for length in (LENGTH, 45):
        batch = first(data, tokenizer, length)
        assert batch.plan.mixed[:3].all() and " " in batch.captions[0]
        for row, caption in enumerate(batch.captions):
            alone = tokenizer(caption)["input_ids"]
            ids, mask = batch.input_ids[row], batch.attention_mask[row]
            assert batch.lost[row] == max(len(alone) - length, 0)
            if batch.lost[row]:
                assert mask.all() and ids[0] == 2 and ids[-1] == 3
            else:
                assert ids[mask == 1].tolist() == alone and (ids[mask == 0] == tokenizer.pad_token_id).all()
                assert bool(mask[0]) == (side == "right" or len(alone) == length)
        assert batch.lost.any() if length == LENGTH else (batch.attention_mask == 0).any()
    own = first(data, tokenizer, None)
    longest = max(len(tokenizer(caption)["input_ids"]) for caption in own.captions)
    assert own.input_ids.shape == (12, longest) and not own.lost.any()


@pytest.mark.parametrize("specials", ["parse", "text"])
def test_hugging_face_in_rust(data, captions, specials):
    tokenizer = made("words", captions)
    tokenizer.split_special_tokens = specials == "text"
    assert "in Rust where length= is given" in repr(TextRecipe(tokenizer=tokenizer).tokenizer)
    batch = first(data, tokenizer, 40)
    called = first(data, lambda texts: tokenizer(texts, padding="max_length", truncation=True, max_length=40), 40)
    assert torch.equal(batch.input_ids, called.input_ids)
    assert torch.equal(batch.attention_mask, called.attention_mask)
    named = ForeignTokenizer(tokenizer).in_rust.native.encode("a [SEP]", specials == "parse")
    assert (3 in named) == (specials == "parse") == (3 in tokenizer("a [SEP]", add_special_tokens=False)["input_ids"])
    for mix in ({"text": "keep_each"}, {"budget": "balance"}, {"pairing": "fit"}):
        assert next(iter(Loader(data, recipe(tokenizer, **mix), batch_size=12))).lost is not None


def test_what_keeps_hugging_face_s_from_rust(captions):
    class Mine(transformers.PreTrainedTokenizerFast):
        def _encode_plus(self, *args, **kwargs):
            return super()._encode_plus(*args, **kwargs)

    words = made("words", captions)
    mine = Mine(tokenizer_object=words.backend_tokenizer, pad_token="[PAD]")
    nameless = transformers.PreTrainedTokenizerFast(tokenizer_object=words.backend_tokenizer)
    words.padding_side = "left"
    told = {"_encode_plus of its own": mine, "no pad token": nameless, "padding_side is 'left'": words}
    told |= {"pre_tokenizer is a Metaspace": made("unigram", captions)}
    for reason, tokenizer in told.items():
        foreign = ForeignTokenizer(tokenizer)
        assert foreign.in_rust is None and "called: " in repr(foreign) and reason in repr(foreign)
        assert reason not in foreign.fact


def test_open_clips(data):
    open_clip = pytest.importorskip("open_clip")
    tokenizer = open_clip.SimpleTokenizer(context_length=30)
    batch = first(data, tokenizer, 20)
    assert torch.equal(batch.input_ids, tokenizer(batch.captions, context_length=20))
    assert torch.equal(batch.attention_mask.sum(1), batch.input_ids.argmax(1) + 1)  # the end of text has the largest id
    assert batch.lost is None
    assert first(data, tokenizer, None).input_ids.shape == (12, 30)


def test_functions(data):
    batch = first(data, spelled, 40)
    for row, caption in enumerate(batch.captions):
        ids = [ord(letter) for letter in caption]
        assert batch.input_ids[row, : len(ids)].tolist() == ids[:40] and not batch.input_ids[row, len(ids) :].any()
        assert batch.attention_mask[row].sum() == min(len(ids), 40) and batch.lost[row] == max(len(ids) - 40, 0)
    as_arrays = first(data, lambda texts: np.asarray([[len(text), 0, 7, 0] for text in texts]), 4)
    assert as_arrays.input_ids[:, 0].tolist() == [len(caption) for caption in as_arrays.captions]
    assert (as_arrays.attention_mask == torch.tensor([1, 1, 1, 0])).all()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda texts: [[1.5]] * len(texts), "float64 where ids are whole"),
        (lambda texts: [[1]], "given 12 captions and returned .* of shape"),
        (lambda texts: None, "returned NoneType"),
        (lambda texts: texts, "must return|whole numbers"),
        (lambda texts: np.zeros((len(texts), 5), int), "rows of 5 ids; use length=5"),
        (lambda texts: 1 // 0 or texts, "division"),
        (lambda texts: texts[99], "failed at 12 captions"),
    ],
)
def test_nonsense(data, wrong, told):
    with pytest.raises((RecipeError, ZeroDivisionError), match=told):
        first(data, wrong)


def test_what_counts_tokens_before(captions):
    tokenizer = made("unigram", captions)
    for mix in ({"text": "keep_each"}, {"budget": "balance"}, {"pairing": "fit"}):
        with pytest.raises(RecipeError, match=r"counts tokens before captions are mixed.*BertTokenizer"):
            recipe(tokenizer, **mix)
    recipe(tokenizer, text="keep_each", unit="words")
    with pytest.raises(RecipeError, match="doesn't tell"):
        recipe(spelled, budget="error")


def test_lost_tokens_are_an_error(data, captions):
    cut = recipe(made("words", captions), 5, budget="error")
    with pytest.raises(CaptionError, match="tokens of the mixed caption don't fit"):
        next(iter(Loader(data, cut, batch_size=12)))


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_worker_processes_give_the_same(data, captions, context):
    tokenizer = made("unigram", captions)
    there = first(data, tokenizer, processes=True, multiprocessing_context=context)
    assert torch.equal(there.input_ids, first(data, tokenizer).input_ids)


def test_names_and_travels(captions, data):
    tokenizer = made("words", captions)
    named = [repr(TextRecipe(tokenizer=one).tokenizer) for one in (tokenizer, pickle.loads(pickle.dumps(tokenizer)))]
    assert named[0] == named[1] and "vocab_size=" in named[0]
    assert pickle.loads(pickle.dumps(recipe(tokenizer))) == recipe(tokenizer)
    fact = BatchDataset(data, recipe(spelled)).facts()["recipe"]["text.tokenizer"]
    assert fact == f"{spelled.__module__}.spelled"
    with pytest.raises(RecipeError, match="doesn't pickle"):
        pickle.dumps(TextRecipe(tokenizer=lambda texts: texts))
    for wrong in ("bert", 3, BertTokenizer):
        with pytest.raises(RecipeError, match="is not known"):
            TextRecipe(tokenizer=wrong)
    with pytest.raises(RecipeError, match="length=None"):
        TextRecipe(length=None)
    assert isinstance(TextRecipe(tokenizer=spelled, length=None).tokenizer, ForeignTokenizer)
