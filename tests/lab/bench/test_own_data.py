"""The loader over somebody's own data, and over the same stored smaller."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from impasto import sources
from impasto.sources import Sequence
from impasto_lab.bench.alone.own_data import run
from impasto_lab.bench.photographs import photographs


def _encoded(side: int) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(photographs()[0][1])).resize((side, side)).save(file, "JPEG", quality=95)
    return file.getvalue()


def test_smaller_images_are_tried() -> None:
    rows = [(_encoded(900), "large"), (b"no image", "broken")] * 6
    found = run(Sequence(rows), batch_size=2, batches=5, workers=1)
    stats, stored = found.stats, found.stats.stored_smaller
    assert stored is not None and (stored.images, stored.short_side) == (6, 900)
    assert stored.kilobytes[0] > 2 * stored.kilobytes[1] and stored.cost < 1
    assert stats.batches == 5 and stats.faster > 1
    told = f"pack at short side 256 for {stats.faster:.1f}x (by CPU time of 6 of these images"
    assert told in stats.advice or stats.binds not in ("read", "decode", "resize")
    assert found.as_dict()["stored_smaller"]["faster"] == stats.faster


def test_few_samples_are_cut_into_batches_that_say_something() -> None:
    rows = [(_encoded(64), "small")] * 23
    found = run(Sequence(rows), workers=0)
    assert (found.stats.batches, found.settings["batch_size"]) == (5, 4)
    assert run(Sequence(rows[:2]), workers=0).stats.batches == 2


def test_photographs_without_captions_are_loaded_alone(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(_encoded(64))
    stats = run(sources.open(str(tmp_path)), batch_size=2, batches=4, workers=0).stats
    assert stats.samples == 4 and stats.stages["tokenize"] == 0


@pytest.mark.parametrize("side", [64, 256])
def test_nothing_is_larger(side: int) -> None:
    stats = run(Sequence([(_encoded(side), "small")] * 8), batch_size=2, batches=4, workers=0).stats
    assert stats.stored_smaller is None and stats.faster == 1 and "pack at" not in stats.advice
