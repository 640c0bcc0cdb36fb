"""A sample is the same whatever its thread decoded before it."""

import io
from itertools import permutations
from random import Random

import numpy as np
import PIL.Image
import pytest

from impasto import BatchDataset, BatchKey, DecodeError, ImageRecipe, Loader, Recipe, TruncatedImageError, ops
from impasto.sources import Sequence

BROKEN = {"no quantization tables": DecodeError, "cut": TruncatedImageError}
WHOLE = Recipe(image=ImageRecipe(size=40, crop="none", dtype="uint8"), text=None)


def loaded(files, recipe=WHOLE, threads=1):
    rows = [(data, "caption") for data in files]
    return BatchDataset(Sequence(rows), recipe, threads=threads)[BatchKey(range(len(rows)))].images


def test_no_huffman_tables_are_the_standard_ones_as_in_pillow(odd_files):
    data = odd_files["no Huffman tables"]
    assert np.array_equal(ops.decode(data), np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("exact", [False, True])
def test_any_file_after_any_other(odd_files, exact):
    recipe = Recipe(image=ImageRecipe(size=40, crop="none", dtype="uint8", exact=exact), text=None)
    good = {name: data for name, data in odd_files.items() if name not in BROKEN}
    alone = {name: loaded([data], recipe)[0].numpy() for name, data in good.items()}
    for first, second in permutations(good, 2):
        row = loaded([good[first], good[second]], recipe)[1].numpy()
        assert np.array_equal(row, alone[second]), f"{second} after {first}"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_broken_after_any_other(odd_files, name):
    for first in odd_files:
        if first not in BROKEN:
            with pytest.raises(BROKEN[name]) as caught:
                loaded([odd_files[first], odd_files[name]])
            assert caught.value.key == "1", first


@pytest.mark.parametrize("threads", [1, 2])
def test_any_order_of_all(odd_files, threads):
    good = [data for name, data in odd_files.items() if name not in BROKEN]
    alone = [loaded([data])[0].numpy() for data in good]
    for seed in range(30):
        order = Random(seed).sample(range(len(good)), len(good))
        rows = loaded([good[at] for at in order], threads=threads).numpy()
        for row, at in zip(rows, order, strict=True):
            assert np.array_equal(row, alone[at]), (seed, at)


def test_replaced_ones_too_with_any_number_of_workers(odd_files, digest):
    recipe = Recipe(image=ImageRecipe(size=24), text=None)
    rows = [(data, name) for name, data in odd_files.items()] * 3
    options = {"batch_size": 6, "on_error": "replace", "budget": 1, "manifest": None, "seed": 5}
    runs = [
        [
            digest(batch)
            for loader in [Loader(Sequence(rows), recipe, **options, **how)]
            for _ in "12"
            for batch in loader
        ]
        for how in ({"workers": 0}, {"workers": 1}, {"workers": 2}, {"workers": 2, "processes": True})
    ]
    assert len(runs[0]) == 12 and all(run == runs[0] for run in runs)
