"""Ids are open_clip's and Hugging Face's, on more than 100,000 captions."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import BertTokenizer, ClipTokenizer, RecipeError, VocabularyError, mixgen, ops

#: Code points that have broken tokenisers: controls, marks, joiners, wide and astral ones, case without a simple map.
HARD = (
    "\u0000\t\n\u000b\r\u001c\u0085\u00a0\u00ad\u00b5\u00df\u0130\u0131\u0149\u01c5\u0300\u0345\u0378\u03a3\u0600\u061c"
    "\u0e33\u10a0\u1100\u1680\u180e\u1e9e\u1fb3\u200b\u200d\u2028\u202e\u2044\u20ac\u2122\u2150\u2160\u24b6\u2615\u2764"
    "\u3000\u3042\u3099\u4e00\ua66e\uac00\ue000\ufb01\ufdfa\ufe0f\ufeff\uff21\ufffd\U0001d400\U0001f1e9\U0001f468"
    "\U0001f3fd\U00020000\U000e0001\U000e0100'&<>|#;\"[]()0123456789ßéüçñøåАяהあ字"
)


@pytest.fixture(scope="session")
def captions():
    """80 templates x 1,000 class names, 12,000 phrases of hard Unicode, 12,000 of mangled HTML and contractions."""
    from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES, OPENAI_IMAGENET_TEMPLATES

    prompts = [template(name) for template in OPENAI_IMAGENET_TEMPLATES for name in IMAGENET_CLASSNAMES]
    draw = random.Random(0)
    words = "a photo of the cat's isn't we're 1990s rock&amp;roll <b>bold</b> &lt;3 x-ray CAFÉ naïve...".split()  # noqa: SIM905

    def phrase(alphabet, share):
        pieces = [
            "".join(draw.choices(alphabet, k=draw.randint(1, 6))) if draw.random() < share else draw.choice(words)
            for _ in range(draw.randint(1, 14))
        ]
        return draw.choice((" ", " ", "  ", "")).join(pieces)

    hard = [phrase(HARD, 0.5) for _ in range(12_000)]
    any_code_point = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    wild = [phrase(any_code_point, 0.3) for _ in range(12_000)]
    return [*prompts, *hard, *wild]


@pytest.fixture(scope="session")
def open_clip_tokenizer():
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer()


@pytest.fixture(scope="session")
def bert(bert_vocabulary):
    return BertTokenizer(vocabulary=bert_vocabulary, specials="parse")


def first_difference(captions, ours, theirs):
    rows = np.flatnonzero((ours != theirs).any(axis=1))
    return [(len(rows), captions[row], ours[row].tolist(), theirs[row].tolist()) for row in rows[:1]]


def test_clip_is_open_clip(captions, open_clip_tokenizer):
    assert len(captions) > 100_000
    ours = ops.tokenize(captions, ClipTokenizer(specials="parse")).input_ids
    theirs = open_clip_tokenizer(captions).numpy()
    assert not first_difference(captions, ours, theirs)


def test_wordpiece_is_hugging_face(captions, bert, bert_vocabulary):
    from tokenizers import BertWordPieceTokenizer

    theirs = BertWordPieceTokenizer(str(bert_vocabulary), lowercase=True)
    theirs.enable_truncation(64)
    theirs.enable_padding(length=64)
    encoded = theirs.encode_batch(captions)
    ours = ops.tokenize(captions, bert, length=64)
    assert not first_difference(captions, ours.input_ids, np.array([row.ids for row in encoded]))
    assert not first_difference(captions, ours.attention_mask, np.array([row.attention_mask for row in encoded]))


def test_cased_wordpiece_is_hugging_face(captions, bert_vocabulary):
    from tokenizers import BertWordPieceTokenizer

    theirs = BertWordPieceTokenizer(str(bert_vocabulary), lowercase=False, strip_accents=False)
    theirs.enable_truncation(64)
    theirs.enable_padding(length=64)
    some = captions[::10]
    ours = ops.tokenize(some, BertTokenizer(vocabulary=bert_vocabulary, lowercase=False, specials="parse"), length=64)
    assert not first_difference(some, ours.input_ids, np.array([row.ids for row in theirs.encode_batch(some)]))


@given(caption=st.text(max_size=60), length=st.integers(2, 40))
def test_clip_is_open_clip_at_any_length(open_clip_tokenizer, caption, length):
    ours = ops.tokenize(caption, ClipTokenizer(specials="parse"), length=length)
    assert ours.input_ids[0].tolist() == open_clip_tokenizer(caption, context_length=length)[0].tolist()


def test_joining_before_is_splicing_after(captions):
    """DESIGN: strings joined and tokenised equal ids spliced, on clean text."""
    some = captions[:4000:2]
    joined = ops.tokenize([mixgen.join(a, b) for a, b in itertools.pairwise(some)], length=154).input_ids
    apart = [row[1 : row.tolist().index(49407)].tolist() for row in ops.tokenize(some, length=154).input_ids]
    for row, (a, b) in zip(joined, itertools.pairwise(apart), strict=True):
        assert row[: len(a) + len(b) + 2].tolist() == [49406, *a, *b, 49407]


def test_special_strings_are_text_unless_asked_otherwise(bert_vocabulary):
    plain = ops.tokenize("a <end_of_text> b").input_ids[0].tolist()
    parsed = ops.tokenize("a <end_of_text> b", ClipTokenizer(specials="parse")).input_ids[0].tolist()
    assert plain.count(49407) == 1 and parsed.count(49407) == 2
    sep = 102
    plain = ops.tokenize("a [SEP] b", BertTokenizer(vocabulary=bert_vocabulary)).input_ids[0].tolist()
    assert plain.count(sep) == 1


def test_albef_s_tokenizer_has_no_end(bert_vocabulary):
    ids = ops.tokenize("a cat", BertTokenizer(vocabulary=bert_vocabulary, end=False), length=5).input_ids
    assert ids.tolist() == [[101, 1037, 4937, 0, 0]]


def test_lost_tokens_are_counted():
    tokens = ops.tokenize(["word " * 100, "word"], length=77)
    assert tokens.lost.tolist() == [25, 0]
    assert tokens.input_ids[0, -1] == 49407


@pytest.mark.parametrize("contents", [b"", b"\xff\xfe\x00", b"one line", b"\x1f\x8b\x08garbage", b"[PAD]\n[UNK]\n"])
def test_damaged_vocabularies_are_named(tmp_path, contents):
    path = tmp_path / "vocabulary"
    path.write_bytes(contents)
    for tokenizer in (ClipTokenizer(vocabulary=path), BertTokenizer(vocabulary=path)):
        with pytest.raises(VocabularyError):
            ops.tokenize("a", tokenizer)


def test_absent_vocabularies_are_named(tmp_path):
    with pytest.raises(VocabularyError, match="the vocabulary: the file does not exist") as caught:
        ops.tokenize("a", BertTokenizer(vocabulary=tmp_path / "vocab.txt"))
    assert caught.value.path == str(tmp_path / "vocab.txt")


def test_no_tokenizer_makes_no_ids():
    with pytest.raises(RecipeError, match="tokenizer=None"):
        ops.tokenize("a", None)
