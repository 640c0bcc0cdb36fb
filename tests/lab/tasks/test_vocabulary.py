"""Vocabularies of a data set's own: nothing is unknown, and a smaller table gives what the large one does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import impasto
from impasto_lab.models import Clip, ClipSettings, Words
from impasto_lab.tasks.pretrain import CompactVocabulary
from impasto_lab.tasks.pretrain.vocabulary import captions_of, own_vocabulary

CAPTIONS = ["A mug, on the CAFÉ's table.", "a mug-shot: 2 red_hats!", "the naïve cat", "cats"]


def test_a_vocabulary_of_its_own_knows_every_word(tmp_path: Path) -> None:
    tokenization = pytest.importorskip("transformers.models.bert.tokenization_bert")
    path = tmp_path / "vocab.txt"
    path.write_text(own_vocabulary(CAPTIONS), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(set(lines)) == len(lines)
    words = Words.read(path)
    theirs = tokenization.BertTokenizer(str(path))
    for caption in CAPTIONS:
        pieces = theirs.tokenize(caption)
        assert "[UNK]" not in pieces
        assert not any(piece.startswith("##") for piece in pieces), "words are whole"
    assert "##" in "".join(theirs.tokenize("a tac")), "what comes later is spelled"
    assert theirs.convert_tokens_to_ids("[MASK]") == words.mask


def test_captions_are_those_of_all_rows(tmp_path: Path) -> None:
    rows = impasto.sources.Sequence([(b"", ["one", "two"]), (b"", "three"), (b"", [])])
    others = rows[::-1]
    assert list(captions_of(rows)) == ["one", "two", "three"]
    assert sorted(captions_of(impasto.sources.concat(rows, others))) == sorted(["one", "two", "three"] * 2)
    (tmp_path / "rewrites.jsonl").write_text('{"key": "1", "captions": ["drei", "tre"]}\n')
    more = impasto.sources.with_rewrites(rows, tmp_path / "rewrites.jsonl", weight=0.5)
    assert sorted(captions_of(more)) == sorted(["one", "two", "three", "drei", "tre"])


def test_a_table_of_what_is_there_gives_what_the_whole_one_does() -> None:
    text = impasto.TextRecipe(length=16)
    compact = CompactVocabulary.of(CAPTIONS, text)
    tokens = impasto.ops.tokenize([*CAPTIONS, f"{CAPTIONS[2]} {CAPTIONS[3]}"], "clip", length=16)
    ids, mask = torch.from_numpy(tokens.input_ids), torch.from_numpy(tokens.attention_mask)
    rows = compact.rows(ids)
    assert int(rows.max()) < compact.size - 1, "joined captions have no words of their own"
    whole = Clip(ClipSettings.preset("tiny", text_length=16)).eval()
    small = Clip(ClipSettings.preset("tiny", text_length=16, vocabulary=compact.size)).eval()
    weights = whole.state_dict()
    table = weights["text.tokens.weight"]
    weights["text.tokens.weight"] = torch.cat([table[list(compact.ids)], torch.zeros(1, 64)])
    small.load_state_dict(weights)
    assert torch.equal(small.encode_texts(rows, mask), whole.encode_texts(ids, mask))
    unseen = torch.from_numpy(impasto.ops.tokenize(["zebra"], "clip", length=16).input_ids)
    assert compact.rows(unseen)[0, 1] == compact.size - 1
