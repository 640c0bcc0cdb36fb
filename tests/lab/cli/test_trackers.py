"""Records where TensorBoard and Weights & Biases read them: by their own readers."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from impasto_lab.cli.train.trackers import TensorBoard, WeightsAndBiases

pytest.importorskip("tensorboard")
pytest.importorskip("wandb")


def test_tensorboard_reads_a_run_that_went_on(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = tmp_path / "tensorboard"
    with TensorBoard(folder) as killed:
        for step, loss in ((2, 4.0), (4, 3.0), (6, 9.0)):
            killed.write({"step": step, "loss": loss, "lr": 0.5})
    with TensorBoard(folder) as resumed:
        resumed.write({"step": 6, "loss": 2.0, "lr": 0.25})
        resumed.write({"step": 6, "rsum": 140.0})
    read = EventAccumulator(str(folder)).Reload()
    assert read.Tags()["scalars"] == ["loss", "lr", "rsum"]
    found = {name: [(one.step, one.value) for one in read.Scalars(name)] for name in ("loss", "rsum")}
    assert found == {"loss": [(2, 4.0), (4, 3.0), (6, 2.0)], "rsum": [(6, 140.0)]}


def _log(content: bytes) -> Iterator[bytes]:
    """Records of a LevelDB log behind W&B's seven bytes: blocks of 32 KB, each piece with checksum, length and kind."""
    at, whole = 7, b""
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:  # no piece begins at the end of a block
            at += 32768 - at % 32768
        length, kind = struct.unpack_from("<HB", content, at + 4)
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last of several
            yield whole
            whole = b""


def test_weights_and_biases_goes_on_with_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    for name, value in (("MODE", "offline"), ("SILENT", "true"), ("CACHE_DIR", str(tmp_path)), ("DISABLE_GIT", "true")):
        monkeypatch.setenv(f"WANDB_{name}", value)
    for losses in ((4.0, 3.0), (2.0,)):
        with WeightsAndBiases("impasto", tmp_path / "run", {"seed": 7}) as run:
            for number, loss in enumerate(losses):
                run.write({"step": 2 * number + len(losses), "loss": loss})
    wandb.teardown()  # its own process writes what is left
    files = sorted((tmp_path / "run" / "wandb").glob("offline-run-*/run-*.wandb"))
    seen, ids = [], set()
    for file in files:
        for data in _log(file.read_bytes()):
            record = Record.FromString(data)
            ids |= {record.run.run_id} - {""}
            items = {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            seen += [(items["step"], items["loss"])] if items else []
    assert sorted(seen) == [(1, 2.0), (2, 4.0), (4, 3.0)]
    assert ids == {json.loads((tmp_path / "run" / "wandb.json").read_text())["id"]}
