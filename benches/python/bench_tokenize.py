"""Times `impasto_lab.bench.kernels.tokenizing`."""

from __future__ import annotations

import pytest

from impasto_lab.bench import kernels


@pytest.mark.parametrize("arm", ["impasto", "open_clip", "tokenizers", "instant-clip-tokenizer"])
def bench_clip(timed, captions, arm) -> None:
    timed(kernels.clip(captions), arm)


@pytest.mark.parametrize("arm", ["impasto", "tokenizers"])
def bench_bert(timed, captions, bert_vocabulary, arm) -> None:
    timed(kernels.bert(captions, bert_vocabulary), arm)
