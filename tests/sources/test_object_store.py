"""S3 on this machine (moto's server), by s3fs: the rows of local shards, changes noticed by their ETag."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from impasto.errors import SourceError
from impasto.sources import Transfer, WebDataset
from sources.test_copied_shards import SHARDS, copies, rows_of, tar

s3fs = pytest.importorskip("s3fs")
pytest.importorskip("moto")

KEYS = {"key": "testing", "secret": "testing"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/moto-api/").close()
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def bucket(endpoint: str, tmp_path: Path) -> Iterator[s3fs.S3FileSystem]:
    system = s3fs.S3FileSystem(endpoint_url=endpoint, **KEYS)
    system.mkdir("shards")
    for number in range(SHARDS):
        system.pipe(f"shards/{number}.tar", tar(number))
        (tmp_path / f"{number}.tar").write_bytes(tar(number))
    yield system
    system.rm("shards", recursive=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rows_are_those_of_local_shards(endpoint, bucket, tmp_path):
    transfer = Transfer(options={"endpoint_url": endpoint, **KEYS}, part_bytes=10_000, retries=1)
    local = WebDataset(tmp_path / "*.tar")
    data = WebDataset("s3://shards/*.tar", cache=tmp_path / "cache", transfer=transfer)
    assert rows_of(data) == rows_of(local)
    assert data.index.path(0) == "s3://shards/0.tar:0-0"
    assert "testing" not in repr(data) + repr(transfer)
    etag = bucket.info("shards/0.tar")["ETag"]
    bucket.pipe("shards/0.tar", tar(0)[:-1] + b"\1")
    assert bucket.info("shards/0.tar")["ETag"] != etag
    for copy in copies(tmp_path / "cache"):
        copy.unlink()
    with pytest.raises(SourceError, match="changed after it was indexed"):
        _ = data[0].image
    assert data[20].image == local[20].image
    with pytest.raises(SourceError, match="can't be had"):
        WebDataset("s3://shards/none.tar", cache=tmp_path / "cache", transfer=transfer)
    assert os.environ.get("AWS_ACCESS_KEY_ID") is None
