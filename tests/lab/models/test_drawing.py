"""What pretraining draws: by the batch's id alone, at the published rates; momentum and queue."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import impasto
from impasto.batch import BatchId
from impasto.errors import RecipeError, VocabularyError
from impasto.streams import stream
from impasto_lab.models import Albef, FusionDraw, FusionSettings, ViltDraw, Words, mask_words
from impasto_lab.models.momentum import follow, slow_copy
from impasto_lab.models.queue import FeatureQueue

WORDS = Words(size=1000, pad=0, cls=1, sep=2, mask=3, continued=tuple(range(500, 1000)))


def _ids(rows: int = 400, length: int = 30) -> torch.Tensor:
    ids = torch.randint(10, 1000, (rows, length), generator=torch.Generator().manual_seed(0))
    ids[:, 0], ids[:, 20], ids[:, 21:] = WORDS.cls, WORDS.sep, WORDS.pad
    return ids


def test_words_are_hidden_at_the_published_rates() -> None:
    ids = _ids()
    masked = mask_words(ids, WORDS, stream(0, "test"))
    places = masked.places
    special = (ids == WORDS.cls) | (ids == WORDS.sep) | (ids == WORDS.pad)
    assert not (places & special).any()
    assert torch.equal(masked.labels[places], ids[places])
    assert torch.equal(masked.input_ids[~places], ids[~places])
    assert places.sum() / (~special).sum() == pytest.approx(0.15, abs=0.015)
    read = masked.input_ids[places]
    hidden, kept = (read == WORDS.mask).float().mean(), (read == ids[places]).float().mean()
    assert (hidden.item(), kept.item()) == pytest.approx((0.8, 0.1), abs=0.04)


def test_a_word_is_hidden_whole_or_not_at_all() -> None:
    ids = _ids()
    places = mask_words(ids, WORDS, stream(0, "test"), whole=True).places
    for row in range(len(ids)):
        for place in range(2, 20):
            if ids[row, place] >= 500 and ids[row, place - 1] > WORDS.mask:
                assert places[row, place] == places[row, place - 1]
    assert places[:, 1:20].float().mean() == pytest.approx(0.15, abs=0.02)


def test_draws_are_the_batchs() -> None:
    ids = _ids(16)
    for kind in (FusionDraw, ViltDraw):
        draws = [kind.of(ids, WORDS, seed=seed, id=id) for seed, id in ((0, BatchId(1, 2)), (0, BatchId(1, 2)))]
        others = [kind.of(ids, WORDS, seed=s, id=BatchId(e, t)) for s, e, t in ((1, 1, 2), (0, 2, 2), (0, 1, 3))]
        assert torch.equal(draws[0].masked.input_ids, draws[1].masked.input_ids)
        assert torch.equal(draws[0].images, draws[1].images)
        for other in others:
            assert not torch.equal(draws[0].masked.labels, other.masked.labels)
            assert not torch.equal(draws[0].images, other.images)
    shown = ViltDraw.of(ids, WORDS, seed=0, id=BatchId()).images
    assert (shown == torch.arange(16)).sum() == 8
    with pytest.raises(RecipeError, match="larger batch_size"):
        ViltDraw.of(ids[:1], WORDS, seed=0, id=BatchId())


def test_the_vocabulary_is_read(bert_vocabulary: Path, tmp_path: Path) -> None:
    words = Words.read(bert_vocabulary)
    assert (words.size, words.pad, words.cls, words.sep, words.mask) == (30522, 0, 101, 102, 103)
    lines = bert_vocabulary.read_text(encoding="utf-8").split("\n")
    assert {lines[number][:2] for number in words.continued} == {"##"}
    assert len(words.continued) == sum(line.startswith("##") for line in lines)
    odd = "[PAD]\r\n[UNK]\n[CLS]\n[SEP]\n[MASK]\none\u2028two\none\x85two\n##s\nword"
    (tmp_path / "odd.txt").write_bytes(odd.encode())
    assert Words.read(tmp_path / "odd.txt") == Words(size=9, pad=0, cls=2, sep=3, mask=4, continued=(7,))
    ids = impasto.ops.tokenize(["words"], impasto.BertTokenizer(vocabulary=tmp_path / "odd.txt"), length=8).input_ids
    assert ids[0, :4].tolist() == [2, 8, 7, 3]
    (tmp_path / "vocab.txt").write_text("[PAD]\n[CLS]\nword\n")
    with pytest.raises(VocabularyError, match=r"\[SEP\], \[MASK\]"):
        Words.read(tmp_path / "vocab.txt")


def test_a_slow_copy_follows() -> None:
    fast = torch.nn.Linear(3, 2)
    slow = slow_copy(fast)
    before = slow.weight.clone()
    with torch.no_grad():
        fast.weight.add_(1)
    assert torch.equal(slow.weight, before)
    follow(slow, fast, 0.75)
    assert torch.allclose(slow.weight, before + 0.25)
    assert not slow.weight.requires_grad
    assert slow.weight.grad_fn is None


@pytest.mark.parametrize(("learned", "kept"), [(0.0, 0.001), (0.07, 0.07), (0.9, 0.5)])
def test_a_temperature_stays_in_bounds(learned: float, kept: float) -> None:
    model = Albef(FusionSettings.preset("tiny", vocabulary=8, queue=0))
    model.temp.data.fill_(learned)
    model.follow()
    assert model.temp.item() == pytest.approx(kept)


def test_a_queue_keeps_the_newest() -> None:
    queue = FeatureQueue(2, 6)
    columns = queue.images.clone()
    assert torch.allclose(columns.norm(dim=0), torch.ones(6))
    for number in range(4):
        queue.add(torch.full((2, 2), float(number)), torch.full((2, 2), -float(number)))
    assert queue.images[0].tolist() == [3, 3, 1, 1, 2, 2]
    assert queue.texts[1].tolist() == [-3, -3, -1, -1, -2, -2]
    assert queue.place.item() == 2
    with pytest.raises(RecipeError, match="use queue=8"):
        queue.add(torch.zeros(4, 2), torch.zeros(4, 2))
    FeatureQueue(2, 0).add(torch.zeros(3, 2), torch.zeros(3, 2))
