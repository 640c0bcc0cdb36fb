"""A loader may be left anywhere, also by the end of the process: silently."""

import io
import os
import signal
import subprocess
import sys

import PIL.Image
import pytest

import impasto

SCRIPT = """
import sys
import numpy as np
import PIL.Image, io
import impasto
from impasto.sources import Sequence

def main():
    file = io.BytesIO()
    PIL.Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(file, "JPEG")
    data = Sequence([(file.getvalue(), "a")] * 40)
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=None)
    return impasto.Loader(data, recipe, batch_size=4, workers=2, {options})

if __name__ == "__main__":
    loader = main()
    {how}
"""
WAYS = {
    "an iterator that lives on": "batches = iter(loader); next(batches); next(batches)",
    "a dropped one": "next(iter(loader))",
    "break": "for batch in loader: break",
    "two of them": "one, other = iter(loader), iter(loader); next(one); next(other)",
    "exit in the loop": "for batch in loader: sys.exit()",
    "closed": "batches = iter(loader); next(batches); batches.close()",
}


@pytest.mark.parametrize("options", ["", "processes=True", "device='cpu'"])
def test_leaving_is_silent(tmp_path, options):
    """All ways in one process, the first two with their iterators alive at its end."""
    lines = "\n    ".join(
        [*(how for name, how in WAYS.items() if name != "exit in the loop"), WAYS["exit in the loop"]]
    )
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(options=options, how=lines))
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_loop_s_error_is_the_only_one_told(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(options="", how='for batch in loader: raise ValueError("mine")'))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1 and done.stderr.count("Traceback") == 1
    assert done.stderr.strip().endswith("ValueError: mine")


_at_fork: list[bool] = []
os.register_at_fork(after_in_parent=lambda: _at_fork and _at_fork.pop() and signal.raise_signal(signal.SIGINT))


@pytest.fixture
def interruptible():
    """A shell lets what it runs in the background ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_a_worker_begins_is_not_lost(interruptible):
    """Python swallows what is raised in the functions that modules register for a fork; the next epoch is whole."""
    picture = io.BytesIO()
    PIL.Image.new("RGB", (9, 9)).save(picture, "JPEG")
    data = impasto.sources.Sequence([(picture.getvalue(), "a")] * 8)
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=None)
    loader = impasto.Loader(data, recipe, batch_size=4, processes=True, multiprocessing_context="fork")
    own = signal.getsignal(signal.SIGINT)
    _at_fork.append(True)
    with pytest.raises(KeyboardInterrupt):
        next(iter(loader))
    assert not _at_fork and signal.getsignal(signal.SIGINT) is own
    assert len(list(loader)) == 2
