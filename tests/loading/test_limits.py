"""Memory is (prefetch + 2) batches and doesn't grow; places in an epoch are arithmetic, however long it is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from impasto import BatchSampler
from impasto._core import Permutation

SCRIPT = """
import io, json, os, sys, time
from pathlib import Path
import numpy as np, PIL.Image
import impasto

def status(name, process="self"):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

def jpeg(number):
    file = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (6, 6, 3), np.uint8)
    PIL.Image.fromarray(pixels).resize((48, 48)).save(file, "JPEG")
    return file.getvalue()

DATA = impasto.sources.Sequence([(jpeg(number), f"a caption of number {number}") for number in range(256)])

def loader(size, batch_size, **options):
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=size), text=impasto.TextRecipe(tokenizer=None),
                            mix=impasto.MixGen())
    return impasto.Loader(DATA, recipe, batch_size=batch_size, workers=2, manifest=None, **options)

def taken(loader, count):
    while count > 0:
        for batch in loader:
            count -= 1
            if not count:
                break

def peak(prefetch):
    # Bytes of a batch, and what the process took at most above what it has, in MB.
    taken(loader(8, 64, prefetch=prefetch), 8)
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    made = loader(192, 64, prefetch=prefetch)
    for _ in range(2):
        for batch in made:
            time.sleep(0.3)
    return batch.images.nbytes / 2**20, status("VmHWM") - before

def growth(count, **options):
    made = loader(16, 8, **options)
    taken(made, count // 4)
    before = status("VmRSS")
    taken(made, count)
    return status("VmRSS") - before

print(json.dumps(eval(sys.argv[1])))
"""


def run(tmp_path, call):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, str(script), call], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_as_many_batches_as_are_said(tmp_path):
    """Measured: one is with its user, ``prefetch + 1`` are made or in work, whose rows lie beside them as bytes."""
    (batch, small), (_, large) = run(tmp_path, "[peak(1), peak(6)]")
    staged = batch / 4
    assert small < 3 * batch + 3 * staged + 16 and large < 8 * batch + 3 * staged + 16
    assert large - small < 5 * batch + 16


def test_memory_does_not_grow(tmp_path):
    assert run(tmp_path, "growth(2000)") < 12


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_memory_does_not_grow_over_20_000_batches(tmp_path):
    assert run(tmp_path, "growth(20_000)") < 12


@pytest.mark.parametrize("length", [10**7, 10**13])
def test_a_place_in_an_epoch_is_arithmetic(length):
    """An order that was drawn up or walked through would not fit, nor ever end."""
    sampler = BatchSampler(length, 100, seed=4)
    state = sampler.state_dict() | {"epoch": 2, "samples": length // 2}
    sampler.load_state_dict(state)
    keys = iter(sampler)
    key = next(keys)
    order = Permutation(length, 4, 2)
    assert list(key) == [order[length // 2 + place] for place in range(100)]
    assert len(keys) == length // 2 // 100 - 1 and keys.position.samples == length // 2 + 100
