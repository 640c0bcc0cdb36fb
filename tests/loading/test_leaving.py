"""A loader may be left anywhere, also by the end of the process: silently."""

import subprocess
import sys

import pytest

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
