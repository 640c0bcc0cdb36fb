"""Tokenising: captions to ids [N, L] int64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import open_clip
import tokenizers
import torch
from torch import Tensor

from impasto import ops
from impasto.recipe import BertTokenizer
from impasto_lab.bench.kernels.group import Group

_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_BERT_LENGTH = 40


def _hugging_face_clip(ours: Any) -> tokenizers.Tokenizer:
    """CLIP's tokenizer as transformers' converter builds it, from open_clip's vocabulary."""
    start, end = "<start_of_text>", "<end_of_text>"
    merges = sorted(ours.bpe_ranks, key=ours.bpe_ranks.__getitem__)
    model = tokenizers.models.BPE(ours.encoder, merges, end_of_word_suffix="</w>", unk_token=end)
    tokenizer = tokenizers.Tokenizer(model)
    spaces = tokenizers.normalizers.Replace(tokenizers.Regex(r"\s+"), " ")
    tokenizer.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.NFC(), spaces, tokenizers.normalizers.Lowercase()]
    )
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(_PATTERN), behavior="removed", invert=True)
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([split, byte_level])
    special = {name: ours.encoder[name] for name in (start, end)}
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        f"{start} $A {end}", special_tokens=list(special.items())
    )
    tokenizer.enable_padding(length=77, pad_id=0)
    tokenizer.enable_truncation(77)
    return tokenizer


def clip(captions: Sequence[str]) -> Group:
    """CLIP's ids; the judge is open_clip."""
    texts = list(captions)
    reference = open_clip.SimpleTokenizer()
    hugging_face = _hugging_face_clip(reference)
    arms: dict[str, Callable[[], Tensor]] = {
        "impasto": lambda: torch.from_numpy(ops.tokenize(texts).input_ids),
        "open_clip": lambda: reference(texts),
        "tokenizers": lambda: _ids(hugging_face, texts),
    }
    absent = {}
    try:
        arms["instant-clip-tokenizer"] = _instant(texts)
    except ImportError as error:
        absent["instant-clip-tokenizer"] = str(error)
    return Group(
        title=f"CLIP ids of {len(texts):,} captions",
        arms=arms,
        difference=lambda _, ids: "" if torch.equal(ids, reference(texts)) else "the ids are not open_clip's",
        items=len(texts),
        packages={"open_clip": "open_clip_torch"} | {name: name for name in arms if name != "open_clip"},
        absent=absent,
    )


def _instant(texts: list[str]) -> Callable[[], Tensor]:
    """instant-clip-tokenizer: a whole batch in one call, as its README has it."""
    from instant_clip_tokenizer import Tokenizer

    tokenizer = Tokenizer()
    return lambda: torch.from_numpy(tokenizer.tokenize_batch(texts, context_length=77).astype("int64"))


def bert(captions: Sequence[str], vocabulary: Path) -> Group:
    """WordPiece ids; the judge is Hugging Face's tokenizers.

    Raises:
        VocabularyError: If the vocabulary is missing or damaged.
    """
    texts = list(captions)
    # Ours reads it first: its error is typed and names the file.
    ours = BertTokenizer(vocabulary=vocabulary)
    ops.tokenize([], ours, length=_BERT_LENGTH)
    hugging_face = tokenizers.BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    hugging_face.enable_padding(length=_BERT_LENGTH, pad_id=0)
    hugging_face.enable_truncation(_BERT_LENGTH)
    return Group(
        title=f"BERT ids of {len(texts):,} captions",
        arms={
            "impasto": lambda: torch.from_numpy(ops.tokenize(texts, ours, length=_BERT_LENGTH).input_ids),
            "tokenizers": lambda: _ids(hugging_face, texts),
        },
        difference=lambda _, ids: "" if torch.equal(ids, _ids(hugging_face, texts)) else "the ids differ",
        items=len(texts),
        packages={"impasto": "impasto", "tokenizers": "tokenizers"},
    )


def _ids(tokenizer: Any, texts: list[str]) -> Tensor:
    return torch.tensor([encoded.ids for encoded in tokenizer.encode_batch(texts)])  # [N, L]
