"""The bench of cleaning: copies and noise that are put into a world are found, and little else."""

from __future__ import annotations

import json

import pytest

from impasto import RecipeError
from impasto_lab.bench.cleaning.measuring import run
from impasto_lab.bench.cleaning.planting import COPIES
from impasto_lab.bench.cleaning.settings import CleanTiming


def test_what_was_put_there_is_found() -> None:
    found = run(CleanTiming.quick(images=60, copies=6, photographs=2, hashes=1000, distances=(7,)))
    told = json.loads(json.dumps(found.as_dict()))
    shares = {kind: share["7"] for kind, share in told["found"].items()}
    assert set(shares) == set(COPIES)
    sure = ("the same file", "JPEG, quality 50", "scaled to half", "scaled to 150 %", "mirrored")
    assert all(shares[kind] == 1 for kind in sure) and shares["cropped by 4 %"] >= 0.5
    assert told["right"]["7"] >= 0.9 and told["taken"]["7"] <= 5
    assert told["noise"]["recall"] == 1 and told["noise"]["precision"] >= 0.8
    assert all(seconds > 0 for seconds in told["seconds"].values())


def test_more_copies_than_pictures() -> None:
    with pytest.raises(RecipeError, match="copies=100 of 9 pictures that are no noise"):
        CleanTiming(images=10)
