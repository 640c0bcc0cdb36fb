"""Every peer of the list is a peer, those that are installed agree with ours, the others are listed with a reason."""

from __future__ import annotations

import ast
import gc
import importlib.util
import math
import multiprocessing
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torchvision.transforms import RandomResizedCrop

from impasto.errors import RecipeError
from impasto_lab.bench.answers import compare
from impasto_lab.bench.peers import roll
from impasto_lab.bench.peers.viewing import Crop, drawn, halvings, scaled
from impasto_lab.bench.photographs import write_files
from impasto_lab.bench.work import Work

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")
PEERS = Path(roll.__file__).parent
WANTED = {"NAME", "TITLE", "PACKAGES", "TOLERANCE", "open_loader"}


def test_all_of_them_are_on_the_list() -> None:
    """Without importing any: most are not installed."""
    for name, module in roll.MODULES.items():
        tree = ast.parse((PEERS / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
        has = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                has.add(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                assert isinstance(target, ast.Name)
                has.add(target.id)
                if target.id == "NAME":
                    assert isinstance(node.value, ast.Constant) and node.value.value == name
        assert has >= WANTED, f"{name} lacks {WANTED - has}"
        assert ast.get_docstring(tree)
    files = {".".join(file.relative_to(PEERS).with_suffix("").parts) for file in PEERS.rglob("*.py")}
    assert {file for file in files if "." in file and not file.endswith(("__init__", ".images"))} <= set(
        roll.MODULES.values()
    )


def test_those_that_cannot_run_are_listed_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "simplejpeg", None)
    monkeypatch.delitem(sys.modules, "impasto_lab.bench.peers.decoders.simplejpeg", raising=False)
    present, absent = roll.called(("simplejpeg", "pillow", "ffcv"))
    assert [peer.NAME for peer in present] == ["pillow"]
    assert roll.version(present[0]) is not None
    assert "simplejpeg" in absent["simplejpeg"] and "no wheel" in absent["ffcv"]

    def missing() -> None:
        raise RuntimeError("no turbojpeg library\ngive its path")

    # The package is there, the system's library that it wants is not.
    package = SimpleNamespace(TurboJPEG=missing, TJFLAG_FASTDCT=1, TJFLAG_FASTUPSAMPLE=2)
    monkeypatch.setitem(sys.modules, "turbojpeg", package)
    monkeypatch.delitem(sys.modules, "impasto_lab.bench.peers.decoders.pyturbojpeg", raising=False)
    assert roll.called(("pyturbojpeg",)) == ((), {"pyturbojpeg": "no turbojpeg library"})
    with pytest.raises(RecipeError, match="no peer 'pilow'"):
        roll.called(("pilow",))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_peers_agree(tmp_path: Path) -> None:
    """With each other's crops, and a whole epoch comes when they draw their own."""
    files, work = write_files(tmp_path, 16, seed=1), Work(batch_size=8, seed=5)
    random.seed(0)
    present, absent = roll.called(("all",))
    assert {peer.NAME for peer in present} | set(absent) == set(roll.MODULES) | set(roll.NOWHERE)
    others = [peer for peer in present if peer.NAME not in roll.STOCK]
    answers = compare(files, work, others)
    assert set(answers.apart) == {peer.NAME for peer in others}
    for peer in others:
        batches = list(peer.open_loader(files, work, workers=0))
        captions = [caption for batch in batches for caption in batch.captions or ()]
        assert len(captions) == 16, peer.NAME
        assert len(set(captions)) > 8
    gc.collect()  # webdataset leaves its shards open


@pytest.mark.skipif(importlib.util.find_spec("grain") is None, reason="Grain is installed by make bench-peers")
def test_grains_processes_stay_from_epoch_to_epoch(tmp_path: Path) -> None:
    from impasto_lab.bench.peers.readers import grain

    files, work = write_files(tmp_path, 18, seed=1), Work(batch_size=8, seed=5)
    loader = grain.open_loader(files, work, workers=1)
    epochs, workers = [], []
    for _ in range(3):
        epochs.append([caption for batch in loader for caption in batch.captions or ()])
        workers.append({child.pid for child in multiprocessing.active_children()})
    assert [len(epoch) for epoch in epochs] == [16] * 3 and epochs[0] != epochs[1]
    assert workers[0] and workers[0] == workers[1] == workers[2]
    del loader
    gc.collect()
    assert not multiprocessing.active_children()


def test_crops_are_drawn_as_torchvision_draws_them() -> None:
    work, count = Work(batch_size=1), 2000
    random.seed(3)
    torch.manual_seed(3)
    image = torch.empty(()).expand(3, 480, 640)
    its = [RandomResizedCrop.get_params(image, list(work.scale), list(work.ratio)) for _ in range(count)]
    ours = [drawn(640, 480, work) for _ in range(count)]
    for crop in ours:
        assert 0 <= crop.left <= 640 - crop.width and 0 <= crop.top <= 480 - crop.height
    for place, name in enumerate(("top", "left", "height", "width")):
        mean = sum(getattr(crop, name) for crop in ours) / count
        # Six standard errors of a mean of 2,000.
        assert abs(mean - sum(crop[place] for crop in its) / count) < 6 * 200 * math.sqrt(2 / count)
    assert 0.4 < sum(crop.flipped for crop in ours) / count < 0.6


def test_a_smaller_decode_still_covers_the_crop() -> None:
    crop = Crop(100, 60, 500, 449, True)
    assert [halvings(crop, size) for size in (500, 449, 225, 224, 112, 56, 10)] == [0, 0, 0, 1, 2, 3, 3]
    assert scaled(crop, 640, 640) is crop
    assert scaled(crop, 640, 320) == Crop(50, 30, 250, 224, True)
