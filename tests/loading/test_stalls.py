"""Who waits long is told what for: stage, sample and file, again after twice as long, on every rank."""

from __future__ import annotations

import gc
import logging
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest

from impasto import ImageRecipe, Loader, Recipe, RecipeError
from impasto.loading.running.watching import Watch
from impasto.sources import CsvCaptions, Sequence

RECIPE = Recipe(image=ImageRecipe(size=8), text=None)


class Stuck(Sequence):
    """A source that hangs at a batch, once."""

    def gather(self, ids):
        if 7 in list(ids) and not os.environ.pop("IMPASTO_TEST_DONE", None):
            time.sleep(1.2)
        return super().gather(ids)


@pytest.fixture(scope="module")
def picture(photographs, encode):
    return encode(photographs["coffee"][:9, :9])


@pytest.mark.parametrize("workers", [0, 2])
def test_a_source_that_hangs_is_named(picture, caplog, workers):
    loader = Loader(Stuck([(picture, "x")] * 12), RECIPE, batch_size=4, shuffle=False, workers=workers, patience=0.4)
    assert len(list(loader)) == 3
    first = caplog.messages[0]
    assert "epoch 0, step 1 is at: read of Stuck's rows [4, 5, 6]" in first
    assert 1 <= len(caplog.messages) <= 2  # after 0.4 s, after 0.8 s


class Hanging:
    """A list whose one item takes long, until it was told."""

    def __init__(self, items, told):
        self.items, self.told = items, told

    def __len__(self):
        return len(self.items)

    def __getitem__(self, row):
        end = time.monotonic() + 60
        while row == 6 and not self.told() and time.monotonic() < end:
            time.sleep(0.02)
        return self.items[row]


@pytest.mark.parametrize("workers", [0, 2])
def test_the_row_that_a_sequence_is_at_is_named(picture, caplog, workers):
    data = Sequence(Hanging([(picture, "x")] * 12, lambda: "row 6 " in caplog.text))
    loader = Loader(data[1:], RECIPE, batch_size=4, shuffle=False, workers=workers, patience=0.2)
    assert len(list(loader)) == 2
    assert "epoch 0, step 1 is at: read of Sequence's row 6 for " in caplog.text
    assert data.reading is None


def test_a_file_that_takes_long_is_named(encode, picture, tmp_path, caplog):
    """It lies in the core's hands, which know what they are at."""
    (tmp_path / "0.jpg").write_bytes(picture)
    (tmp_path / "1.png").write_bytes(encode(np.zeros((6000, 6000, 3), np.uint8), "PNG", compress_level=1))
    table = tmp_path / "table.csv"
    table.write_text("filepath\ttitle\n" + "".join(f"{tmp_path}/{name}\tx\n" for name in ("0.jpg", "1.png")))
    list(Loader(CsvCaptions(table), RECIPE, batch_size=2, shuffle=False, patience=0.04))
    assert re.search(r"epoch 0, step 0 is at: decode of sample '.*' \(.*1\.png\) for 0 s", caplog.messages[0])


def test_a_transform_that_takes_long_is_named(picture, caplog):
    def hang(image, rng):
        time.sleep(0.3)
        return image

    list(Loader(Sequence([(picture, "x")] * 4), RECIPE, batch_size=2, transform=hang, patience=0.2))
    assert "is at: transform" in caplog.messages[0]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_process_says_by_itself(tmp_path, picture, method):
    script = tmp_path / "script.py"
    (tmp_path / "a.jpg").write_bytes(picture)
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path / "a.jpg"), method]
    told = subprocess.run(command, capture_output=True, text=True, timeout=100, env={**os.environ, "RANK": "3"}).stderr
    assert "it is made by one of the worker processes [" in told
    assert "epoch 0, step 1 is at: read of Stuck's rows [4, 5, 6]" in told


SCRIPT = """
import sys, time
import impasto

class Stuck(impasto.sources.Sequence):
    def gather(self, ids):
        if 7 in list(ids):
            time.sleep(1.5)
        return super().gather(ids)

if __name__ == "__main__":
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=None)
    loader = impasto.Loader(Stuck([(sys.argv[1], "x")] * 12), recipe, batch_size=4, shuffle=False, processes=True,
                            patience=0.5, multiprocessing_context=sys.argv[2])
    assert len(list(loader)) == 3
"""


def test_a_watch_tells_after_twice_as_long_and_ends_with_its_owner(caplog):
    watch = Watch(0.1, lambda: "a thing")
    with watch:
        assert watch.look(1e9) == 1e9 and not caplog.messages
        time.sleep(0.55)
    told = len(caplog.messages)
    assert 1 <= told <= 3 and "no batch for 0 s: a thing" in caplog.messages[0]  # at 0.1, 0.2, 0.4
    time.sleep(0.2)
    thread = watch._thread
    assert len(caplog.messages) == told and thread.is_alive()
    del watch
    gc.collect()
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_nobody_watches_who_has_patience(picture):
    batches = iter(Loader(Sequence([(picture, "x")] * 4), RECIPE, batch_size=2, workers=0, patience=None))
    next(batches)
    assert batches._watch._thread is None
    for patience in (0, -1.0, "60", True):
        with pytest.raises(RecipeError, match="patience"):
            Loader(Sequence([(picture, "x")] * 4), RECIPE, batch_size=2, patience=patience)


def test_every_rank_speaks(monkeypatch, caplog):
    monkeypatch.setenv("RANK", "2")
    logging.getLogger("impasto").warning("not from here")
    watch = Watch(0.01, lambda: "a thing")
    with watch:
        time.sleep(0.02)
        watch.look(0.01)
    assert caplog.messages and all("a thing" in message for message in caplog.messages)
