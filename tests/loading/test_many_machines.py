"""One to four processes of torch.distributed (gloo) on one global batch: same rows, same lengths, same gradients."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(240)

SCRIPT = """
import hashlib, json, multiprocessing, sys, tempfile, time
from pathlib import Path
import torch
import torch.distributed as dist
import impasto
from impasto.sources import Sequence

FILES = sorted(Path(sys.argv[1]).glob("*.jpg"))
DATA = Sequence([(b"no image" if number == 17 else str(file), [f"caption {number}", f"another {number}"])
                 for number, file in enumerate(FILES)])
RECIPE = impasto.Recipe(image=impasto.ImageRecipe(size=16), text=impasto.TextRecipe(tokenizer=None),
                        mix=impasto.MixUp(0.5, text="join"))
WHOLE = 24

def loader(world, over, **options):
    return impasto.Loader(DATA, RECIPE, batch_size=WHOLE // world, seed=5, mix_over=over, on_error="replace", budget=1,
                          manifest=None, **options)

def rows(batch, over):
    for row, key in enumerate(batch.keys):
        told = (key, batch.plan.boxes[row].tolist())
        if over == "global":
            told += (batch.captions[row], hashlib.sha256(batch.images[row].numpy().tobytes()).hexdigest())
        yield told

def rank(number, world, store, found):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=number, world_size=world)
    told = {}
    for over in ("global", "rank"):
        made = loader(world, over, workers=number % 2)
        epochs = [[list(rows(batch, over)) for batch in made] for _ in range(2)]
        gathered = [None] * world
        dist.all_gather_object(gathered, epochs)
        told[over] = gathered
    torch.manual_seed(0)
    model = torch.nn.Linear(768, 3).double()
    for batch in loader(world, "global"):
        (model(batch.images.flatten(1).double()) ** 2).mean().backward()
    dist.all_reduce(model.weight.grad)  # as DDP does, which takes seconds to import
    told["gradient"] = (model.weight.grad / world).tolist()
    made = loader(world, "global")
    next(iter(made))
    states = [None] * world
    dist.all_gather_object(states, made.state_dict())
    assert all(state == states[0] for state in states)
    told["state"] = states[0]
    resumed = loader(world, "global")
    resumed.load_state_dict(json.loads(sys.argv[2]))
    gathered = [None] * world
    dist.all_gather_object(gathered, [list(rows(batch, "global")) for batch in resumed])
    told["resumed"] = gathered
    dist.destroy_process_group()
    if number == 0:
        found.put(told)

def main():
    context = multiprocessing.get_context("fork")  # everything is imported once
    for world in (1, 2, 3, 4):
        found = context.SimpleQueue()
        with tempfile.TemporaryDirectory() as folder:
            processes = [context.Process(target=rank, args=(number, world, f"{folder}/store", found),
                                         daemon=True)
                         for number in range(world)]
            for process in processes:
                process.start()
            while found.empty() and not any(process.exitcode for process in processes):
                time.sleep(0.02)
            assert not found.empty(), "a process failed"
            told = found.get()
            for process in processes:
                process.join()
            assert [process.exitcode for process in processes] == [0] * world
        print(json.dumps(told), flush=True)

if __name__ == "__main__":
    main()
"""
#: Where a run on 2 ranks of 12 stood after its first batches.
STATE = {"version": 2, "epoch": 0, "samples": 24, "seed": 5, "length": 60, "shuffle": True, "mix_over": "global"}


@pytest.fixture(scope="module")
def found(pairs, tmp_path_factory):
    """What 1, 2, 3 and 4 processes got."""
    script = tmp_path_factory.mktemp("machines") / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(pairs[0][0].parent), json.dumps(STATE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=220)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def together(ranks):
    """The rows of each batch of all ranks, which take them in turn."""
    return [[row for turn in zip(*parts, strict=True) for row in turn] for parts in zip(*ranks, strict=True)]


def test_rows_are_the_same_byte_for_byte(found):
    one = [together([epochs[number] for epochs in found[0]["global"]]) for number in (0, 1)]
    assert [len(batches) for batches in one] == [2, 2] and one[0] != one[1]
    for many in found[1:]:
        assert [together([epochs[number] for epochs in many["global"]]) for number in (0, 1)] == one


def test_samples_order_and_crops_are_the_same_where_ranks_mix_their_own(found):
    def flat(told):
        ranks = told["rank"]
        return [
            [
                [row for part in parts for row in part]
                for parts in zip(*(epochs[number] for epochs in ranks), strict=True)
            ]
            for number in (0, 1)
        ]

    assert all(flat(many) == flat(found[0]) for many in found[1:])


def test_every_rank_has_as_many_batches_of_one_size(found):
    """One sample is broken and replaced."""
    for world, told in enumerate(found, start=1):
        for over in ("global", "rank"):
            sizes = {tuple(len(rows) for rows in epoch) for epochs in told[over] for epoch in epochs}
            assert sizes == {(24 // world, 24 // world)}


def test_gradients_are_the_same(found):
    """Means over ranks, as DDP takes them; what is left is rounding, in float64."""
    for many in found[1:]:
        for row, expected in zip(many["gradient"], found[0]["gradient"], strict=True):
            assert row == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_run_goes_on_with_other_ranks(found):
    whole = together([epochs[0] for epochs in found[0]["global"]])
    for told in found:
        assert {name: told["state"][name] for name in STATE} == STATE
        assert together(told["resumed"]) == whole[1:]
