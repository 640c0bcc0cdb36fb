"""A job on a Ray cluster: the same bytes, from whichever machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: In a process of its own: Ray starts threads, and warns of things that are not ours.
_SCRIPT = """\
import os
import sys
import time
from functools import partial
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

import impasto
from impasto.jobs import PackSettings, clean, inspect, pack, run_pieces, verify

def where(folder, piece):
    (folder / str(piece)).touch()
    while len(list(folder.iterdir())) < 2:  # both pieces run at the same time
        time.sleep(0.01)
    return ray.get_runtime_context().get_node_id(), os.environ.get("OMP_NUM_THREADS")

def fail(piece):
    raise impasto.DecodeError("it is torn", key="7", path="a.jpg")

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
cluster.add_node(num_cpus=1)
ray.init(address=cluster.address, log_to_driver=False)
places = dict(run_pieces(partial(where, Path(sys.argv[2])), [0, 1], engine="ray"))
assert len({node for node, _ in places.values()}) == 2, places
assert {threads for _, threads in places.values()} == {"1"}, places
try:
    list(run_pieces(fail, [0], workers=2, engine="ray"))
except impasto.DecodeError as error:
    assert str(error) == "sample '7', a.jpg: it is torn"
else:
    raise AssertionError("nothing was raised")
source = impasto.sources.CocoCaptions(sys.argv[1], images=Path(sys.argv[1]).parent)
report = inspect(source, out=sys.argv[3], workers=2, engine="ray")
assert report == inspect(source)
cleaned = clean(source, sys.argv[4], workers=2, engine="ray", page=False)
assert cleaned.left_out == clean(source, sys.argv[5], page=False).left_out
settings = PackSettings(shard_size=7, short_side=60)
there, here = (Path(sys.argv[3] + name) for name in ("-there", "-here"))
done = pack(source, there, settings, workers=2, engine="ray")
pack(source, here, settings)
for path in sorted(here.glob("*.*")):
    assert path.suffix == ".impasto-index" or path.read_bytes() == (there / path.name).read_bytes(), path
assert done.done["shrunk"] > 0 and verify(there, workers=2, engine="ray").ok
print(report.rows)
ray.shutdown()
cluster.shutdown()
"""


def test_two_nodes(pairs: list[tuple[Path, list[str]]], tmp_path: Path) -> None:
    pytest.importorskip("ray")
    document = {
        "images": [{"id": number, "file_name": path.name} for number, (path, _) in enumerate(pairs)],
        "annotations": [
            {"id": number, "image_id": number, "caption": captions[0]} for number, (_, captions) in enumerate(pairs)
        ],
    }
    captions = pairs[0][0].with_name("captions.json")
    captions.write_text(json.dumps(document))
    (tmp_path / "script.py").write_text(_SCRIPT)
    (tmp_path / "places").mkdir()
    outs = [tmp_path / name for name in ("out", "cleaned", "cleaned here")]
    command = [sys.executable, str(tmp_path / "script.py"), captions, tmp_path / "places", *outs]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "60"
    assert (tmp_path / "out" / "images-00000.json").exists()
