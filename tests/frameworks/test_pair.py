"""Two processes of torch.distributed (gloo), shared by all cases; ranks are given nowhere but where that is refused."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from expected_batches import expected

pytestmark = pytest.mark.timeout(300)  # the processes import all frameworks
ABSENT = {"Accelerate": "accelerated", "Lightning": "lightning", "Trainer": "trainer", "Ray": "ray"}


@pytest.fixture(scope="module")
def found():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    script = Path(__file__).with_name("pair.py")
    shared = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    # As torchrun sets them: Lightning looks for them to know that its processes are there.
    shared |= {"TORCHELASTIC_RUN_ID": "pair", "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0"}
    started = [
        subprocess.Popen(
            [sys.executable, str(script)],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        told = [process.communicate(timeout=280) for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], told
    return [json.loads(out.strip().splitlines()[-1]) for out, _ in told]


def of(found, case):
    if case not in found[0]:
        pytest.skip(found[0][ABSENT[case.partition(",")[0]]])
    return [one[case] for one in found]


@pytest.mark.parametrize(
    "case",
    [
        "distributed, Loader",
        "distributed, stock",
        "Accelerate, Loader",
        "Lightning, Loader",
        "Lightning, stock",
        "Trainer, Loader",
        "Ray, Loader",
        "Ray, stock",
    ],
)
def test_epochs(found, case):
    assert of(found, case) == [[expected(epoch, rank, 2) for epoch in (0, 1)] for rank in (0, 1)]


@pytest.mark.parametrize("workers", [0, 2])
def test_accelerate(found, workers):
    """To the end, broken off in epoch 1, which Accelerate then names again, and the next."""
    for rank, epochs in enumerate(of(found, f"Accelerate, stock {workers}")):
        assert epochs == [expected(0, rank, 2), expected(1, rank, 2)[:2], expected(1, rank, 2), expected(2, rank, 2)]


def test_accelerate_skips(found):
    for rank, (rest,) in enumerate(of(found, "Accelerate, skipping")):
        assert rest == expected(0, rank, 2)[1:]


@pytest.mark.parametrize("loads", ["0", "2", "stateful"])
def test_accelerate_dispatches(found, loads):
    """The first process loads what both would have loaded, and nothing of it twice or never."""
    for rank, (length, *epochs) in enumerate(of(found, f"Accelerate, dispatched {loads}")):
        assert epochs == [[samples for samples, *_ in expected(epoch, rank, 2)] for epoch in (0, 1)]
        assert length == len(epochs[0])


def test_accelerate_skips_what_it_dispatches(found):
    rests = of(found, "Accelerate, dispatched and skipping")
    assert [row for rest in zip(*rests, strict=True) for part in rest for row in part] == [
        row for samples, *_ in expected(0)[2:] for row in samples
    ]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("Accelerate, ranked twice", "leave rank= and world_size= out, or prepare()"),
        ("Accelerate, ranked and dispatched", "leave rank= and world_size= out, or prepare()"),
        ("Accelerate, filled up", "use drop_last=True"),
        ("Lightning, its own sampler", "use_distributed_sampler=False"),
        ("Ray, its own sampler", "prepare_data_loader(loader, add_dist_sampler=False)"),
        ("Ray, over a stock one", "prepare_data_loader(loader, add_dist_sampler=False)"),
    ],
)
def test_what_cannot_work_says_what_to_do(found, case, says):
    for told in of(found, case):
        assert told.startswith("RecipeError: ") and says in told
