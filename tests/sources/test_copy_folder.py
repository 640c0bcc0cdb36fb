"""A folder of copies that somebody tidies up meanwhile: begun anew or an error, and nothing of others is touched."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from impasto.errors import SourceError
from impasto.files import aside
from impasto.sources.remote import cache as caching
from impasto.sources.remote.cache import Cache, Copy
from impasto.sources.remote.copies import _gathered

COPY = Copy("a", 2_000_000_000, 4)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "copies", 1000)


class Other:
    """Another process that begins the same copy in a folder of the same name; its locks are its own."""

    def __init__(self, cache: Cache) -> None:
        shutil.rmtree(cache.folder)
        cache.folder.mkdir()
        self.path, self.partial = cache.path(COPY), aside(cache.path(COPY))
        self.file = os.open(self.partial, os.O_RDWR | os.O_CREAT)
        fcntl.flock(self.file, fcntl.LOCK_EX)
        os.write(self.file, b"th")

    def finish(self) -> None:
        os.write(self.file, b"ey")
        os.utime(self.file, ns=(1, COPY.modified))
        self.partial.replace(self.path)
        os.close(self.file)


@pytest.mark.parametrize("fails", [False, True])
def test_what_others_write_meanwhile_is_theirs(cache: Cache, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    others: list[Other] = []

    def fill(file: object, reserve: object) -> None:
        file.write(b"ours")  # type: ignore[attr-defined]
        others.append(Other(cache))
        if fails:
            raise SourceError("the server went away")

    def wait(_: float) -> None:
        assert others[0].partial.read_bytes() == b"th" and not others[0].path.exists()
        assert others[0].partial.stat().st_mtime_ns != COPY.modified  # which would say that it is whole
        others[0].finish()

    monkeypatch.setattr(caching.time, "sleep", wait)
    if fails:
        with pytest.raises(SourceError, match="went away"):
            cache.filled(COPY, fill)
        assert others[0].partial.read_bytes() == b"th" and not others[0].path.exists()
        os.close(others[0].file)
        return
    with cache.filled(COPY, fill):
        assert cache.path(COPY).read_bytes() == b"they" and len(others) == 1


@pytest.mark.parametrize("when", ["before it takes room", "after"])
def test_a_folder_that_is_removed_is_begun_anew(cache: Cache, when: str) -> None:
    begun: list[int] = []

    def fill(most: int) -> caching.Fill:
        def fill(file: caching.BinaryIO, reserve: caching.Reserve) -> None:
            begun.append(1)
            if when == "after":
                reserve(4)
            if len(begun) <= most:
                shutil.rmtree(cache.folder)
            if when != "after":
                reserve(4)
            file.write(b"ours")

        return fill

    with cache.filled(COPY, fill(1)):
        assert cache.path(COPY).read_bytes() == b"ours" and len(begun) == 2
    cache.path(COPY).unlink()
    begun.clear()
    with pytest.raises(SourceError, match=r"removed while it was written, 3 times; let nothing .*cache="):
        cache.filled(COPY, fill(99))
    assert len(begun) == 3


def test_a_folder_that_is_removed_before_a_copy_is_begun(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, removed = caching._opened, []

    def late(path: Path, flags: int) -> int:
        if path.name.endswith(".partial") and not removed:
            removed.append(shutil.rmtree(cache.folder))
        return opened(path, flags)

    monkeypatch.setattr(caching, "_opened", late)
    with cache.filled(COPY, lambda file, reserve: file.write(b"ours") and None):
        assert cache.path(COPY).read_bytes() == b"ours" and removed


def test_pieces_of_unknown_size_are_gathered_and_not_for_ever() -> None:
    blocks = [bytes([number]) * 1_000_003 for number in range(40)]
    pieces = list(_gathered(iter(blocks)))
    assert b"".join(pieces) == b"".join(blocks) and 3 < len(pieces) < 8


def test_a_name_that_is_another_files_now_is_not_removed(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a copy that is dropped, and of one that was completed between two looks."""
    with cache.filled(COPY, lambda file, reserve: file.write(b"ours") and None):
        pass
    partial = aside(cache.path(COPY))
    looked: list[Path] = []
    is_at = caching._is_at

    def swapped(path: Path, descriptor: int) -> bool:
        found = is_at(path, descriptor)
        if path == partial and not looked:
            looked.append(path)
            path.unlink()
            path.write_bytes(b"theirs")
        return found

    monkeypatch.setattr(caching, "_is_at", swapped)
    pins = iter([None])
    monkeypatch.setattr(cache, "pinned", lambda copy: next(pins, "there"))
    assert cache.filled(COPY, lambda file, reserve: None) == "there"
    assert partial.read_bytes() == b"theirs"
