"""What does not fit is said by its name and the system's own reason, whoever writes; nothing is left of it."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import impasto
from impasto.jobs import PackSettings, clean, pack, write_page, write_report
from impasto.jobs.packing.index import write_index
from impasto.jobs.packing.shard import PackedShard
from impasto.jobs.shards import write_bad
from impasto.sources import write_keep_list


@contextmanager
def limited(most: int) -> Iterator[None]:
    """No file of this process becomes larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


WRITERS: dict[str, Callable[[impasto.sources.Source, Path], object]] = {
    "the report": lambda data, out: write_report(out / "report.json", ["x" * 100] * 20),
    "the list of bad samples": lambda data, out: write_bad(out, [{"reason": "x" * 100}] * 20),
    "the index": lambda data, out: write_index(out, {f"{n}.tar": PackedShard() for n in range(40)}),
    "the list": lambda data, out: write_keep_list(out / "keep.jsonl", data[[0] * 400], range(400)),
    "the page": lambda data, out: write_page(out / "page.html", "base.html"),
    "the shard": lambda data, out: pack(data, out, PackSettings()),
    "the measures": lambda data, out: clean(data, out, page=False),
}


@pytest.mark.parametrize("what", WRITERS)
def test_a_limit_is_no_full_disk(what: str, data: impasto.sources.Source, tmp_path: Path) -> None:
    with limited(1500), pytest.raises(impasto.SourceError) as caught:
        WRITERS[what](data, tmp_path)
    assert caught.value.reason.startswith(f"{what} can't be written: ") and "File too large" in caught.value.reason
    assert {path.name for path in tmp_path.iterdir()} <= {"job.json"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one(tmp_path: Path) -> None:
    (tmp_path / "report.json.partial").symlink_to("/dev/full")
    with pytest.raises(impasto.SourceError, match="the report can't be written: No space left on device; check"):
        write_report(tmp_path / "report.json", {})
    assert not list(tmp_path.iterdir())
