"""Packed shards, broken in every way: each is found, named, and nothing else is."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import impasto
from impasto.jobs import PackSettings, Verified, pack, verify


@pytest.fixture
def packed(data: impasto.sources.Source, tmp_path: Path) -> Path:
    pack(data, tmp_path / "packed", PackSettings(shard_size=3))
    return tmp_path / "packed"


def _found(verified: Verified) -> dict[str, list[str]]:
    return {problem.kind: [Path(one["path"]).name for one in problem.examples] for problem in verified.problems}


def _rewritten(shard: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """The shard as a tar like it, with members changed or left out."""
    with tarfile.open(shard) as tar:
        members = [(member, tar.extractfile(member).read()) for member in tar]
    with tarfile.open(shard, "w", format=tarfile.USTAR_FORMAT) as tar:
        for member, content in members:
            if (new := change(member.name, content)) is not None:
                member.size = len(new)
                tar.addfile(member, io.BytesIO(new))


def test_nothing_is_wrong_and_nothing_is_written(packed: Path) -> None:
    before = sorted(packed.iterdir())
    found = verify(packed)
    assert (found.ok, found.shards, found.samples, found.listed, found.decoded) == (True, 3, 7, 3, True)
    assert found.bytes == sum(path.stat().st_size for path in packed.glob("*.tar"))
    assert sorted(packed.iterdir()) == before
    assert verify(packed, workers=2) == verify(packed / "index.json") == found
    one = verify(packed / "packed-00001.tar")
    assert (one.ok, one.shards, one.samples, one.listed) == (True, 1, 3, 1)


def test_missing_and_unlisted_shards(packed: Path) -> None:
    (packed / "packed-00001.tar").rename(packed / "later.tar")
    found = _found(verify(packed))
    assert found == {"missing shard": ["packed-00001.tar"], "unlisted shard": ["later.tar"]}
    with pytest.raises(impasto.SourceError, match="do not exist"):
        verify(packed / "packed-{00000..00002}.tar")


def test_one_flipped_bit_anywhere(packed: Path) -> None:
    shard = packed / "packed-00000.tar"
    whole = shard.read_bytes()
    for at in range(0, len(whole), len(whole) // 7):
        shard.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert _found(verify(packed))["changed shard"] == [shard.name]
    shard.write_bytes(whole)
    assert verify(packed).ok


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("left", [0, 100, 1536, -10240, -9000])
def test_a_cut_shard(packed: Path, left: int, listed: bool) -> None:
    """Down to nothing, in a header, between members, and where only the end mark is gone."""
    shard = packed / "packed-00002.tar"
    whole = shard.read_bytes()
    end = max(at for at in range(0, len(whole), 512) if any(whole[at : at + 512])) + 512
    shard.write_bytes(whole[: end if left == -10240 else left])
    for name in ("index.json", "job.json"):
        if not listed:
            (packed / name).unlink()
    found = _found(verify(packed))
    assert found.pop("broken shard") == [shard.name]
    assert found == ({"changed shard": [shard.name]} if listed else {})


def test_what_can_not_be_read_is_named_by_its_sample(packed: Path) -> None:
    def spoil(name: str, content: bytes) -> bytes | None:
        spoilt = {
            "00000000.jpg": content[:-30] + b"\xff\xd9",
            "00000001.jpg": content[:300],
            "00000002.txt": b"caf\xe9",
        }
        return spoilt.get(name, content)

    for name in ("index.json", "job.json"):
        (packed / name).unlink()
    _rewritten(packed / "packed-00000.tar", spoil)
    _rewritten(
        packed / "packed-00001.tar",
        lambda name, content: {"00000003.json": b"{", "00000004.jpg": None}.get(name, content),
    )
    (bad,) = verify(packed).problems
    assert bad.kind == "bad sample"
    assert [one["key"] for one in bad.examples] == ["00000001", "00000002", "00000003", "00000004"]
    words = ("ends before", "UTF-8", "JSON", "no image")
    assert all(word in one["reason"] for word, one in zip(words, bad.examples, strict=True))


def test_a_changed_sample_is_not_hidden_by_a_right_count(packed: Path) -> None:
    _rewritten(packed / "packed-00000.tar", lambda name, content: None if name.startswith("00000001") else content)
    (problem,) = verify(packed).problems
    assert problem.kind == "changed shard" and problem.count == 2
    assert "it holds 2 samples, and 3 were written" in problem.examples[1]["reason"]


@pytest.mark.parametrize("content", ["{", "[]", '{"shardlist": [5]}', '{"shardlist": [{"url": "a"}]}'])
def test_an_index_that_is_none(packed: Path, content: str) -> None:
    (packed / "index.json").write_text(content)
    with pytest.raises(impasto.SourceError, match=r"the index can't be used: .*; run `impasto pack` again"):
        verify(packed)


def test_no_shards_at_all(tmp_path: Path) -> None:
    with pytest.raises(impasto.SourceError, match="there are no shards"):
        verify(tmp_path)
    with pytest.raises(impasto.SourceError):
        verify(tmp_path / "nothing.tar")


def test_it_is_told_as_json(packed: Path) -> None:
    (packed / "packed-00001.tar").unlink()
    document = json.loads(json.dumps(verify(packed).as_dict()))
    assert document["ok"] is False and document["problems"][0]["kind"] == "missing shard"
