"""Packed shards, broken in every way: each is found, named, and nothing else is."""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from wids import wids_index

import impasto
from impasto.jobs import PackSettings, StylizeSettings, Verified, pack, stylize_data, verify


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
    assert (found.sized, found.summed) == (3, {"sha256": 3, "md5": 0})
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


def test_an_index_of_wids(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `widsindex create` writes it, and with no more than wids asks for."""
    monkeypatch.chdir(packed)
    shards = [f"packed-{number:05d}.tar" for number in range(3)]
    arguments = {"output": "index.json", "name": "", "base": None, "info": None}
    wids_index.main_create(argparse.Namespace(files=["packed-{00000..00002}.tar"], **arguments))
    document = json.loads(Path("index.json").read_text())
    found = verify(packed)
    assert (found.ok, found.listed, found.sized, found.summed) == (True, 3, 3, {"sha256": 0, "md5": 3})
    whole = Path(shards[1]).read_bytes()
    Path(shards[1]).write_bytes(whole[:600] + bytes([whole[600] ^ 1]) + whole[601:])
    (problem,) = verify(packed).problems
    assert problem.kind == "changed shard" and "checksum (md5)" in problem.examples[0]["reason"]

    short = [{"url": f"https://example.org/a/{one['url']}?x", "nsamples": 3} for one in document["shardlist"][:2]]
    Path("part.json").write_text(json.dumps({"wids_version": 1, "shardlist": short}))
    found = verify("part.json")
    assert (found.ok, found.listed, found.sized, found.summed) == (True, 2, 0, {"sha256": 0, "md5": 0})
    short[0]["filesize"] = 5
    Path("part.json").write_text(json.dumps({"shardlist": short}))
    assert _found(verify("part.json")) == {"changed shard": [shards[0]]}
    del short[0]["filesize"]
    short[1]["nsamples"] = 4
    Path("part.json").write_text(json.dumps({"shardlist": short}))
    assert _found(verify("part.json")) == {"changed shard": [shards[1]]}


def test_a_job_that_has_not_ended(
    data: impasto.sources.Source, randomizer: impasto.StyleRandomizer, tmp_path: Path, packed: Path
) -> None:
    """Of any kind, however whole its shards are; so says the job's own file, until it has ended."""

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    stylize = partial(stylize_data, data, out, randomizer, StylizeSettings(shard_size=4))
    with pytest.raises(KeyboardInterrupt):
        stylize(progress=interrupt)
    (problem,) = verify(out).problems
    assert problem.kind == "unfinished job" and "impasto-stylize" in problem.examples[0]["reason"]
    stylize()
    assert verify(out).ok
    (out / "stylized-00001_stats.json").unlink()
    with pytest.raises(KeyboardInterrupt):
        stylize(progress=interrupt)
    assert _found(verify(out)) == {"unfinished job": ["out"]}

    (packed / "index.json").unlink()  # killed between the last shard and the index
    assert _found(verify(packed)) == {"unfinished job": ["packed"]}
    (packed / "job.json").write_text("{")
    with pytest.raises(impasto.SourceError, match="it is damaged"):
        verify(packed)
    (packed / "job.json").write_text('{"name": "another program\'s"}')
    assert verify(packed).ok


@pytest.mark.parametrize("content", ["{", "[]", '{"shardlist": [5]}', '{"shardlist": [{"url": "a"}]}'])
def test_an_index_that_is_none(packed: Path, content: str) -> None:
    (packed / "index.json").write_text(content)
    with pytest.raises(impasto.SourceError, match=r"the index can't be used: .*; run `impasto pack` again"):
        verify(packed)


def test_no_shards_at_all(tmp_path: Path) -> None:
    with pytest.raises(impasto.SourceError, match="there are no shards"):
        verify(tmp_path)
    with pytest.raises(impasto.SourceError, match="no file matches"):
        verify(tmp_path / "nothing.tar")


def test_names_that_are_none_of_shards(packed: Path) -> None:
    (packed / "notes.txt").write_text("notes")
    for name, reason in (
        ("pipe:cat a.tar", "only files on a local disk can be verified; copy .*name a folder of shards"),
        ("https://example.org/a.tar?key=secret", "only files on a local disk"),
        (packed / "notes.txt", "it is no shard, by its name; name a folder of shards"),
        (packed / "*", "it is no shard, by its name"),
    ):
        with pytest.raises(impasto.SourceError, match=reason) as caught:
            verify(name)
        assert caught.value.path and "secret" not in str(caught.value)


def test_it_is_told_as_json(packed: Path) -> None:
    (packed / "packed-00001.tar").unlink()
    document = json.loads(json.dumps(verify(packed).as_dict()))
    assert document["ok"] is False and document["problems"][0]["kind"] == "missing shard"
