"""Arguments of loaders, samplers and keys that make no sense are answered with their names."""

import numpy as np
import pytest

import impasto
from impasto import Loader
from impasto.sources import Sequence


@pytest.mark.parametrize(
    "options",
    [
        *({name: "no"} for name in ("shuffle", "drop_last", "processes", "pin_memory")),
        {"rank": True, "world_size": 2},
        {"multiprocessing_context": "frok"},
        {"seed": None},
        {"device": "gpu"},
        {"device": 1.5},
        {"manifest": False},
        {"batch_size": 4.0},
    ],
    ids=str,
)
def test_a_loader_s_arguments(good, recipe, options):
    with pytest.raises(impasto.RecipeError, match=next(iter(options))):
        Loader(Sequence([(image, "a") for image in good]), recipe, **{"batch_size": 2} | options)


def test_data_that_are_empty(good, recipe):
    with pytest.raises(impasto.RecipeError, match="empty"):
        Loader.evaluation(Sequence([(image, "a") for image in good])[:0], recipe, batch_size=2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda dataset: dataset[impasto.BatchKey([1.5])], "no numbers of samples"),
        (lambda dataset: dataset[impasto.BatchKey([1, "a"])], "no numbers of samples"),
        (lambda dataset: dataset[impasto.BatchKey([])], "no numbers of samples"),
        (lambda dataset: dataset[impasto.BatchKey([-1])], r"samples \[-1\] are not in a data set"),
        (lambda dataset: impasto.BatchKey([1], id=5), "id=5"),
        (lambda dataset: impasto.BatchSampler(dataset, 2).key(-1, 0), "epoch=-1"),
        (lambda dataset: impasto.BatchSampler(dataset, 2).key(0, -1), "step=-1"),
        (lambda dataset: impasto.BatchSampler(dataset, 2).key(0, 1.0), "step=1.0"),
        (lambda dataset: impasto.BatchSampler(dataset, 2).set_epoch(2**62), "epoch="),
    ],
)
def test_keys_that_make_no_sense(good, recipe, call, says):
    dataset = impasto.BatchDataset(Sequence([(image, "a") for image in good]), recipe)
    with pytest.raises(impasto.RecipeError, match=says):
        call(dataset)


def test_numpy_s_numbers_are_numbers():
    sampler = impasto.BatchSampler(np.int64(8), np.int32(2), rank=np.int64(1), world_size=np.int64(2))
    assert next(iter(sampler)) == next(iter(impasto.BatchSampler(8, 2, rank=1, world_size=2)))
