"""The loader over somebody's own data, and over the same stored smaller."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from impasto.sources import Sequence
from impasto_lab.bench.alone.own_data import SHORT_SIDE, run
from impasto_lab.bench.photographs import photographs


def _encoded(side: int) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(photographs()[0][1])).resize((side, side)).save(file, "JPEG", quality=95)
    return file.getvalue()


def test_smaller_images_are_tried() -> None:
    rows = [(_encoded(900), "large"), (b"no image", "broken")] * 6
    found = run(Sequence(rows), batch_size=2, batches=5, workers=1)
    stored = found.stored
    assert stored is not None and (stored.images, stored.short_side) == (6, 900)
    assert stored.kilobytes[0] > 2 * stored.kilobytes[1] and stored.faster > 1
    assert found.stats.batches == 5
    binds = found.stats.binds
    said = f"{binds}-bound: pack at short side {SHORT_SIDE} for {stored.faster:.1f}x"
    assert found.advice.startswith(said) or binds not in ("read", "decode", "resize")


@pytest.mark.parametrize("side", [64, SHORT_SIDE])
def test_nothing_is_larger(side: int) -> None:
    found = run(Sequence([(_encoded(side), "small")] * 8), batch_size=2, batches=3, workers=0)
    assert found.stored is None and found.advice == found.stats.advice
