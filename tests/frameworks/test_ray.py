"""Ray Train on two workers of a local cluster, as its page says; what it does to loaders is in test_pair.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from expected_batches import READ, expected

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: In a process of its own: Ray starts threads, and warns of things that are not ours.
_SCRIPT = """\
import json
import sys
from pathlib import Path

import ray
import torch
from expected_batches import READERS, record
from pages import run_page

FOLDER = Path(sys.argv[1])


def make_model():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 1))


def step(model, batch):
    rank = ray.train.get_context().get_world_rank()
    with (FOLDER / f"{rank}.jsonl").open("a") as file:
        file.write(json.dumps(record(batch)) + "\\n")
    if batch.id.epoch == 1 and not (FOLDER / f"{rank} failed").exists():
        (FOLDER / f"{rank} failed").touch()
        raise OSError("the machine is taken away")
    return model(batch.images).mean()


ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
given = {**READERS, "make_model": make_model, "step": step, "workers": 2, "storage": str(FOLDER), "name": "run"}
print(run_page("ray", **given)["result"].metrics["epoch"])
ray.shutdown()
"""


def test_the_page(tmp_path: Path) -> None:
    """Two epochs, of which the second begins twice: its workers fail, and go on from the checkpoint."""
    pytest.importorskip("ray.train")
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "RAY_AUTH_MODE": "disabled", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.splitlines()[-1] == "2"
    for rank in (0, 1):
        seen = [json.loads(line) for line in (tmp_path / f"{rank}.jsonl").read_text().splitlines()]
        first, second = (expected(epoch, rank, 2, dataset=READ) for epoch in (0, 1))
        assert seen in ([*first, second[0], *second], [*first, *second])  # a rank may be ended before it fails
    assert any((tmp_path / f"{one} failed").exists() for one in (0, 1))
