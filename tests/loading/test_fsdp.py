"""A model whose weights are shared out over two processes (FSDP2) is trained on a loader, with samples left over."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(240)

SCRIPT = """
import json, multiprocessing, sys, tempfile
from pathlib import Path
import torch
import torch.distributed as dist
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
import impasto

FILES = sorted(Path(sys.argv[1]).glob("*.jpg"))[:45]
DATA = impasto.sources.Sequence([(str(file), "a picture") for file in FILES])
RECIPE = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=None)

def rank(number, store):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=number, world_size=2)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 8), torch.nn.GELU(), torch.nn.Linear(8, 1))
    mesh = dist.init_device_mesh("cpu", (2,))
    for part in (model[1], model[3], model):
        fully_shard(part, mesh=mesh)
    shared = all(isinstance(weight, DTensor) and len(weight.to_local()) < len(weight) for weight in
                 (model[1].weight, model[1].bias))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = impasto.Loader(DATA, RECIPE, batch_size=4, drop_last=False, seed=5, workers=1)
    told = {"batches": len(loader), "shared": shared, "losses": [], "samples": []}
    for epoch in range(2):
        seen = []
        for batch in loader:  # a rank with one batch more would wait for the other's gradients forever
            loss = ((model(batch.images) - 1) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen.append(batch.samples.tolist())
            told["losses"].append(loss.item())
        told["samples"].append(seen)
    told["weights"] = [weight.full_tensor().tolist() for weight in model.parameters()]
    gathered = [None, None]
    dist.all_gather_object(gathered, told)
    dist.destroy_process_group()
    if number == 0:
        Path(sys.argv[2]).write_text(json.dumps(gathered))

def main():
    context = multiprocessing.get_context("fork")  # everything is imported once
    with tempfile.TemporaryDirectory() as folder:
        ranks = [context.Process(target=rank, args=(number, f"{folder}/store")) for number in range(2)]
        for process in ranks:
            process.start()
        for process in ranks:
            process.join()
        assert [process.exitcode for process in ranks] == [0, 0]

if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_shared_weights_are_trained_on_every_sample_once_an_epoch(pairs, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(pairs[0][0].parent), str(tmp_path / "told.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=220)
    assert done.returncode == 0, done.stderr
    ranks = json.loads((tmp_path / "told.json").read_text())
    assert all(told["shared"] for told in ranks)
    assert [told["batches"] for told in ranks] == [6, 6]  # of 45 samples, in batches of 2 x 4
    for epoch in range(2):
        first, second = (told["samples"][epoch] for told in ranks)
        assert len(first) == len(second) == 6
        seen = [sample for batch in (*first, *second) for sample in batch]
        assert sorted(seen) == list(range(45))
    assert ranks[0]["samples"][0] != ranks[0]["samples"][1]
    assert ranks[0]["weights"] == ranks[1]["weights"]
    for told in ranks:
        assert sum(told["losses"][6:]) < sum(told["losses"][:6])
