"""A tokenizer.json of a kind that impasto knows gives the ids of `tokenizers`, which reads the same file."""

import json

import numpy as np
import pytest

from impasto import TextRecipe, VocabularyError, ops
from impasto.recipe import ForeignTokenizer, TokenizerFile
from ops.trained import KINDS, bert, captions, clip, gpt2, roberta, unigram

FURTHER = ("<mask>", "<s>", "newword", "a photo of the", "[MASK]", "[SEP]", "<|startoftext|>", "<|EndOfText|>")
FURTHER += ("Hot dog", "hot  dog", "<sks>", "café")


@pytest.fixture(scope="module")
def corpus():
    return captions(120, stride=1 << 20)


@pytest.fixture(scope="module")
def hostile():
    return captions(250, further=FURTHER, stride=120)


def saved(tokenizer, path):
    tokenizer.save(str(path))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_those_of_tokenizers(kind, corpus, hostile, tmp_path):
    theirs = KINDS[kind](corpus)
    path = saved(theirs, tmp_path / "tokenizer.json")
    unlimited = [len(row.ids) for row in theirs.encode_batch(hostile)]
    theirs.enable_truncation(24)
    theirs.enable_padding(length=24, pad_id=77)
    for specials in ("parse", "text"):
        theirs.encode_special_tokens = specials == "text"
        ours = ops.tokenize(hostile, TokenizerFile(path=path, pad_id=77, specials=specials), length=24)
        for row, expected in enumerate(theirs.encode_batch(hostile)):
            assert ours.input_ids[row].tolist() == expected.ids, hostile[row]
            assert ours.attention_mask[row].tolist() == expected.attention_mask
        if specials == "parse":
            assert ours.lost.tolist() == [max(size - 24, 0) for size in unlimited]


def test_merges_of_older_files(corpus, tmp_path):
    contents = json.loads(gpt2(corpus).to_str())
    pairs = contents["model"]["merges"]
    assert all(isinstance(pair, list) for pair in pairs)
    both = []
    for merges in (pairs, ["#version: 0.2", *map(" ".join, pairs)]):
        path = tmp_path / f"{len(merges)}.json"
        path.write_text(json.dumps(contents | {"model": contents["model"] | {"merges": merges}}))
        both.append(ops.tokenize(corpus, TokenizerFile(path=path), length=30).input_ids)
    assert (both[0] == both[1]).all() and (both[0] > 260).any()


def at(contents, place):
    *way, last = place.split(".")
    for name in way:
        contents = contents[int(name)] if name.isdigit() else contents[name]
    return contents, int(last) if last.isdigit() else last


@pytest.mark.parametrize(
    ("kind", "place", "value", "told"),
    [
        (gpt2, "version", "2.0", 'version is "2.0"'),
        (gpt2, "surprise", 1, "surprise is 1"),
        (gpt2, "model.dropout", 0.1, r"model\.dropout is 0\.1"),
        (gpt2, "model.byte_fallback", True, r"model\.byte_fallback is true"),
        (gpt2, "model.continuing_subword_prefix", "##", r"model\.continuing_subword_prefix"),
        (gpt2, "model.unk_token", "absent", r"model\.unk_token"),
        (gpt2, "model.more", None, r"model\.more is missing or null"),
        (gpt2, "model.vocab.a", 5, r"model\.vocab has .* without a gap"),
        (gpt2, "model.merges.3", ["a", "never made"], r"model\.merges\[3\]"),
        (gpt2, "model.type", "Unigram", "Unigram"),
        (gpt2, "pre_tokenizer.use_regex", False, r"pre_tokenizer\.use_regex is false"),
        (gpt2, "pre_tokenizer", None, "pre_tokenizer is missing"),
        (gpt2, "pre_tokenizer.type", "Metaspace", "pre_tokenizer is a Metaspace"),
        (gpt2, "padding", {"direction": "Left"}, r"padding\.direction is .Left"),
        (gpt2, "truncation", {"direction": "Left"}, r"truncation\.direction is .Left"),
        (gpt2, "normalizer", {"type": "Strip"}, "normalizer is a Strip"),
        (roberta, "added_tokens.0.single_word", True, r"added_tokens\[0\]\.single_word is true"),
        (roberta, "added_tokens.0.id", 9999, r"added_tokens\[0\]\.id is 9999"),
        (roberta, "added_tokens.0.new", 1, r"added_tokens\[0\]\.new"),
        (roberta, "post_processor.sep", ["</s>", 99999], "post_processor has the id 99999"),
        (roberta, "post_processor.type", "Other", "post_processor is a Other"),
        (clip, "pre_tokenizer.pretokenizers.0.pattern.Regex", r"\w+", r"pretokenizers\[0\]\.pattern"),
        (clip, "pre_tokenizer.pretokenizers.0.behavior", "Isolated", "behavior is .Isolated"),
        (clip, "pre_tokenizer.pretokenizers.1.add_prefix_space", True, "add_prefix_space is true after"),
        (clip, "normalizer.normalizers.1.pattern.Regex", r"\w+", r"normalizers\[1\]\.pattern"),
        (bert, "normalizer.lowercase", "yes", r"normalizer\.lowercase is .yes"),
        (bert, "model.unk_token", "absent", r"model\.unk_token is .absent"),
        (bert, "post_processor.single.1.Sequence.id", "B", r"post_processor\.single\[1\]"),
    ],
)
def test_what_is_not_known_is_said(kind, place, value, told, corpus, tmp_path):
    contents = json.loads(kind(corpus[:20]).to_str())
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(contents))
    assert TokenizerFile(path=path).unknown is None and "in Rust" in repr(TokenizerFile(path=path))
    holder, name = at(contents, place)
    holder[name] = value
    path.write_text(json.dumps(contents))
    with pytest.raises(VocabularyError, match=told) as caught:
        _ = TokenizerFile(path=path).native
    assert caught.value.path == str(path)
    assert "called" in repr(TokenizerFile(path=path))


@pytest.mark.parametrize(
    "contents", [b"", b"{", b"[]", b"{}", b'{"hidden_size": 8}', b"\xff", b'{"a": ' + b"[" * 100_000]
)
def test_what_is_no_file_of_theirs_is_an_error(contents, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(contents)
    with pytest.raises(VocabularyError, match=r"use a tokenizer\.json") as caught:
        ops.tokenize("a", path)
    assert caught.value.path == str(path) and "unreadable" in repr(TokenizerFile(path=path))
    with pytest.raises(VocabularyError, match="does not exist"):
        ops.tokenize("a", str(tmp_path / "absent.json"))


def test_a_folder_called_clip_is_no_tokenizer(tmp_path, monkeypatch):
    (tmp_path / "clip").mkdir()
    monkeypatch.chdir(tmp_path)
    assert ops.tokenize("a photo", "clip", length=4).input_ids.tolist() == [[49406, 320, 1125, 49407]]


def test_a_folder_that_transformers_saved(corpus, tmp_path):
    transformers = pytest.importorskip("transformers")
    tokenizer = bert(corpus)
    saved = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]")
    saved.save_pretrained(tmp_path / "saved")
    for folder in (tmp_path / "saved", str(tmp_path / "saved")):
        ids = ops.tokenize(corpus[:4], folder, length=16).input_ids
        wanted = saved(corpus[:4], padding="max_length", truncation=True, max_length=16)["input_ids"]
        assert ids.tolist() == wanted
    with pytest.raises(VocabularyError, match="does not exist"):
        ops.tokenize("a", tmp_path)


def test_padding_is_the_file_s(corpus, tmp_path):
    theirs = gpt2(corpus[:20])
    pad = theirs.token_to_id("<pad>")
    first = ops.tokenize("", saved(theirs, tmp_path / "named.json"), length=3).input_ids.tolist()
    theirs.enable_padding(pad_id=5)
    second = ops.tokenize("", saved(theirs, tmp_path / "padded.json"), length=3).input_ids.tolist()
    assert (first, second) == ([[pad] * 3], [[5] * 3])
    contents = json.loads(theirs.to_str()) | {"padding": None}
    contents["added_tokens"] = [one for one in contents["added_tokens"] if one["content"] != "<pad>"]
    (tmp_path / "none.json").write_text(json.dumps(contents))
    with pytest.raises(VocabularyError, match="pad_id="):
        ops.tokenize("", tmp_path / "none.json", length=3)
    assert ops.tokenize("", TokenizerFile(path=tmp_path / "none.json", pad_id=9), length=2).input_ids.tolist() == [
        [9, 9]
    ]


def test_a_file_that_changes_is_read_again(corpus, tmp_path):
    path = saved(gpt2(corpus), tmp_path / "tokenizer.json")
    before = ops.tokenize("a cat", path).input_ids
    saved(bert(corpus), path)
    assert (before != ops.tokenize("a cat", path).input_ids).any()


def test_other_kinds_are_called(tmp_path):
    theirs = unigram(["a photo of a cat on a mat"] * 9)
    recipe = TextRecipe(tokenizer=saved(theirs, tmp_path / "tokenizer.json"), length=6)
    assert recipe.resolved is None and isinstance(recipe.foreign, ForeignTokenizer)
    some = ["a cat", "a photo of a cat on a mat", ""]
    given = recipe.foreign.encode(some, 6)
    for row, caption in enumerate(some):
        ids = theirs.encode(caption).ids
        assert given.input_ids[row].tolist() == (ids + [1] * 6)[:6]
        assert given.lost[row] == max(len(ids) - 6, 0)
        assert given.attention_mask[row].sum() == min(len(ids), 6)
    longest = TextRecipe(tokenizer=recipe.tokenizer, length=None).foreign.encode(some, None)
    assert longest.input_ids.shape[1] == max(len(theirs.encode(caption).ids) for caption in some)
    assert np.array_equal(longest.lost, [0, 0, 0])
