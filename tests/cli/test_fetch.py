"""`impasto fetch` for real, on a site of this machine."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from impasto.cli import main


@pytest.fixture
def site(tmp_path: Path, encode: Callable[..., bytes], photographs: dict[str, Any]) -> Iterator[str]:
    """Python's own server, with one image."""
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "0.jpg").write_bytes(encode(photographs["astronaut"][:40, :60], "JPEG"))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_share_that_lived(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.tsv").write_text(f"one\t{site}/0.jpg\ntwo\t{site}/0.jpg\nthree\t{site}/gone.jpg\n")
    words = ["fetch", str(tmp_path / "list.tsv"), str(tmp_path / "out"), "--size", "20"]
    assert main([*words, "--allow-private"]) == 0
    told = capsys.readouterr().out
    assert "2 of 3 links lived (66.7%), in " in told and "1 HTTP 404" in told and "failed.jsonl" in told
    assert "1 of them came before in the list" in told
    (tmp_path / "www" / "gone.jpg").write_bytes((tmp_path / "www" / "0.jpg").read_bytes())
    assert main([*words, "--allow-private", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["lived"] == pytest.approx(2 / 3)
    assert main([*words, "--allow-private", "--retry-failed", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["images"], document["failed"], document["reasons"]) == (3, 0, {})


def test_what_makes_no_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.tsv").write_text("one\thttp://127.0.0.1:9/0.jpg\n")
    words = ["fetch", str(tmp_path / "list.tsv"), str(tmp_path / "out")]
    for more, reason in (
        ([], "not one of 1 links gave an image, most often for: refused address"),
        (["--quality", "101"], "quality=101 must be a whole number 1..100"),
        (["--read-timeout", "0"], "read_timeout=0.0 must be a number of seconds over 0"),
        (["--columns", "key", "url"], "records have key, url already"),
        (["--user-agent", "/1"], "user_agent='/1' must be printable ASCII"),
    ):
        assert main([*words, *more]) == 1
        error = capsys.readouterr().err
        assert reason in error and error.count("\n") == 1
    (tmp_path / "list.tsv").write_text("")
    assert main([*words[:2], str(tmp_path / "new")]) == 1
    assert "the list is empty" in capsys.readouterr().err
