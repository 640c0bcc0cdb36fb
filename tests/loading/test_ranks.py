"""Whose batches are whose: given, or found in torch.distributed."""

import logging

import pytest
import torch.distributed

from impasto import BatchSampler, RecipeError
from impasto.loading.epochs import ranks


@pytest.fixture
def group(monkeypatch):
    """Makes torch.distributed say that it runs."""

    def group(rank, world_size):
        monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
        monkeypatch.setattr(torch.distributed, "get_rank", lambda: rank)
        monkeypatch.setattr(torch.distributed, "get_world_size", lambda: world_size)
        ranks._say_once.cache_clear()

    return group


def test_ranks_are_found_when_they_are_needed(group, caplog):
    """Also where the loader was made before the processes."""
    sampler = BatchSampler(40, 4, seed=1)
    assert (sampler.rank, sampler.world_size, len(sampler)) == (0, 1, 10)
    group(1, 2)
    assert (sampler.rank, sampler.world_size, len(sampler)) == (1, 2, 5)
    given = BatchSampler(40, 4, seed=1, rank=1, world_size=2)
    assert [(list(key), key.id) for key in sampler] == [(list(key), key.id) for key in given]
    assert not caplog.records  # the first rank speaks for all


def test_the_first_rank_says_once_what_it_found(group, caplog):
    group(0, 2)
    with caplog.at_level(logging.WARNING, "impasto"):
        for _ in range(2):
            list(BatchSampler(40, 4))
    assert len(caplog.records) == 1 and "rank=0, world_size=1" in caplog.text


def test_given_ranks_are_followed_in_silence(group, caplog):
    group(0, 2)
    assert len(BatchSampler(40, 4, rank=0, world_size=1)) == 10
    assert len(BatchSampler(40, 4, rank=3, world_size=4)) == 2
    assert not caplog.records


def test_half_a_rank_is_refused():
    with pytest.raises(RecipeError, match="rank=1 and world_size=None belong together"):
        BatchSampler(40, 4, rank=1)
    with pytest.raises(RecipeError, match="belong together"):
        BatchSampler(40, 4, world_size=2)


def test_a_foreign_sampler_is_refused():
    """Lightning puts one in the place of the length."""
    foreign = torch.utils.data.SequentialSampler(range(40))
    with pytest.raises(RecipeError, match=r"use_distributed_sampler=False.*Trainer\.predict"):
        BatchSampler(foreign, batch_size=4, drop_last=True)
