"""What stores answer, and how their addresses are read."""

from __future__ import annotations

import itertools

import fsspec
import pytest

from impasto.errors import SourceError
from impasto.sources import Transfer, WebDataset
from impasto.sources.remote.addresses import unsigned
from impasto.sources.remote.stores import FileSystems


@pytest.mark.parametrize("answer", [b"", b"123", b"12345678", bytes(range(10))], ids=["none", "short", "long", "whole"])
def test_a_part_of_another_length_is_never_taken_for_one(monkeypatch, answer):
    """It is asked for again; but a whole file holds the part, whoever knows no ranges."""
    system, asked = fsspec.filesystem("memory"), []
    monkeypatch.setattr("impasto.sources.remote.asking.time.sleep", lambda _: None)

    def cat_file(path, start, end):
        asked.append(start)
        return answer if asked.count(4) == 1 and start == 4 else bytes(range(start, end))

    monkeypatch.setattr(system, "cat_file", cat_file)
    blocks = FileSystems(Transfer(part_bytes=4, retries=1)).blocks("memory://a", 10)
    found = b"".join(itertools.islice(blocks, 9))
    assert found == bytes(range(10)) and asked == ([0, 4] if len(answer) == 10 else [0, 4, 4, 8])


@pytest.mark.parametrize(
    ("signed", "bare"),
    [
        ("https://a/b.tar?X-Goog-Signature=1&X-Goog-Date=2&generation=3", "https://a/b.tar?generation=3"),
        ("https://a/b.tar?AWSAccessKeyId=1&Signature=2&Expires=3&versionId=4", "https://a/b.tar?versionId=4"),
        ("HTTPS://a/b.tar?sv=1&sr=b&sig=2&se=3&snapshot=4", "https://a/b.tar?snapshot=4"),
        ("https://a/b.tar?sig=1&st=2", None),
        ("https://a/b.tar?Expires=1&n=2", None),
        ("s3://a/b.tar?X-Amz-Signature=1", None),
        ("pipe:curl 'https://a/b.tar?X-Amz-Signature=1'", None),
    ],
)
def test_what_a_signature_is(signed, bare):
    assert unsigned(signed) == (bare or signed)


def test_a_command_that_is_not_there_is_asked_for_once(tmp_path):
    calls = tmp_path / "calls"
    with pytest.raises(SourceError, match=r"status 127: .*not found.*; install what it calls"):
        WebDataset(f"pipe:echo >> {calls}; no-such-command-of-ours", cache=tmp_path / "cache")
    assert calls.read_text() == "\n"
