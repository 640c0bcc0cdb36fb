"""What is written: img2dataset's layout, the list's order whatever comes first, each link fetched once."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from webdataset.tariterators import group_by_keys, tar_file_expander

import impasto
from impasto.jobs import FetchedData, FetchSettings, fetch

Settings = Callable[..., FetchSettings]
Lists = Callable[..., Path]


def _records(out: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(out.glob("*.parquet")) for row in pyarrow.parquet.read_table(path).to_pylist()]


def _samples(done: FetchedData) -> list[dict[str, Any]]:
    """As webdataset reads them, but for the files that it leaves open."""
    with ExitStack() as held:
        paths = sorted(Path(done.shards).parent.glob("*.tar"))
        streams = [{"url": str(path), "stream": held.enter_context(path.open("rb"))} for path in paths]
        return list(group_by_keys(tar_file_expander(streams)))


def _bytes(out: Path) -> dict[str, bytes]:
    """What doesn't depend on when it was."""
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.suffix in (".tar", ".parquet")}


def _names(path: Path) -> list[str]:
    with tarfile.open(path) as tar:
        return tar.getnames()


@pytest.fixture
def mixed(site: Any) -> list[str]:
    """Links of which some are dead and some come again, over three shards of ten."""
    paths = [f"{row}.jpg" for row in range(12)] + ["gone.jpg", "3.jpg", "14.png", "gone.jpg", "html.jpg", "15.jpg"]
    return [site.url(path) for path in [*paths, *paths[:5], "17.jpg", "html.jpg", "17.jpg"]]


def test_img2datasets_layout(
    site: Any, settings: Settings, write_list: Lists, tmp_path: Path, mixed: list[str]
) -> None:
    out = tmp_path / "out"
    done = fetch(write_list(mixed, [f"café {row}" for row in range(26)]), out, settings())
    assert (done.rows, done.images, done.repeated) == (26, 22, 9) and done.reasons == {"HTTP 404": 2, "not an image": 2}
    names = [f"{number:05d}{ending}" for number in range(3) for ending in (".parquet", ".tar", "_stats.json")]
    assert sorted(path.name for path in out.iterdir()) == [*names, "failed.jsonl", "job.json"]
    stats = json.loads((out / "00001_stats.json").read_text())
    assert list(stats) == [
        "count",
        "successes",
        "failed_to_download",
        "failed_to_resize",
        "duration",
        "start_time",
        "end_time",
        "status_dict",
    ]
    assert (stats["count"], stats["successes"]) == (10, 7)
    assert stats["status_dict"] == {"success": 7, "HTTP 404": 2, "not an image": 1}
    records = _records(out)
    assert [record["key"] for record in records] == [f"{row // 10:05d}{row % 10}" for row in range(26)]
    assert [record["url"] for record in records] == mixed
    assert pyarrow.parquet.read_schema(out / "00000.parquet").field("width").type == pa.int32()
    samples = _samples(done)
    assert [sample["__key__"] for sample in samples] == [r["key"] for r in records if r["status"] == "success"]
    for sample in samples:
        record = json.loads(sample["json"])
        assert record == records[int(sample["__key__"][:5]) * 10 + int(sample["__key__"][5:])]
        image = sample["png" if record["url"].endswith(".png") else "jpg"]
        assert hashlib.sha256(image).hexdigest() == record["sha256"]
        assert PIL.Image.open(io.BytesIO(image)).size == (record["width"], record["height"])
        assert sample["txt"].decode() == record["caption"]


def test_our_own_sources_read_it(settings: Settings, write_list: Lists, tmp_path: Path, mixed: list[str]) -> None:
    fetch(write_list(mixed), tmp_path / "out", settings())
    source = impasto.sources.open(tmp_path / "out")
    records = [record for record in _records(tmp_path / "out") if record["status"] == "success"]
    assert [list(source[row].captions) for row in range(len(source))] == [[record["caption"]] for record in records]
    assert source.facts(3)["json"] == records[3]
    assert not any(source[row].fault for row in range(len(source)))
    again = impasto.sources.WebList(tmp_path / "out" / "00000.parquet", columns=["status"])
    assert [pair.url for pair in again] == mixed[:10]


def test_the_same_list_gives_the_same_shards(
    site: Any, settings: Settings, write_list: Lists, tmp_path: Path, mixed: list[str]
) -> None:
    listed = write_list(mixed)
    site.delay = lambda path: 0.0
    fetch(listed, tmp_path / "one", settings(connections=1, per_host=1, threads=1))
    # What comes first comes last.
    site.delay = lambda path: 0.2 - 0.01 * int(path.partition(".")[0]) if path[0].isdecimal() else 0.0
    fetch(listed, tmp_path / "many", settings(connections=64, per_host=64, threads=3))
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "many")
    assert site.asked["3.jpg"] == site.asked["gone.jpg"] == 2  # once a run


def test_images_are_made_smaller(site: Any, settings: Settings, write_list: Lists, tmp_path: Path) -> None:
    done = fetch(
        write_list([site.url("large.jpg"), site.url("1.png")]), tmp_path / "out", settings(size=100, quality=80)
    )
    large, small = _samples(done)
    records = _records(tmp_path / "out")
    assert [records[0][name] for name in ("original_width", "original_height", "width", "height")] == [
        301,
        300,
        100,
        100,
    ]
    pixels = PIL.Image.open(io.BytesIO(large["jpg"]))
    assert pixels.size == (100, 100)
    assert np.asarray(pixels)[5, 5].astype(int).sum() > np.asarray(pixels)[95, 95].astype(int).sum()
    assert "png" in small and hashlib.sha256(small["png"]).hexdigest() == records[1]["sha256"]
    assert hashlib.sha256(large["jpg"]).hexdigest() != records[0]["sha256"]


@pytest.mark.parametrize("exif", ["ignore", "apply"])
def test_images_that_are_made_smaller_stay_upright(
    exif: str, site: Any, settings: Settings, write_list: Lists, tmp_path: Path
) -> None:
    done = fetch(write_list([site.url("turned.jpg")]), tmp_path / "out", settings(size=30, exif=exif))
    (sample,) = _samples(done)
    with PIL.Image.open(io.BytesIO(sample["jpg"])) as image:
        assert image.getexif().get(0x0112, 1) == (6 if exif == "ignore" else 1)
        upright = np.asarray(PIL.ImageOps.exif_transpose(image).convert("L")).astype(int)
        (record,) = _records(tmp_path / "out")
        assert image.size == (record["width"], record["height"])
    # The picture's first quarter is inverted; turned by 90 degrees it is at the upper right.
    quarters = [part.mean() for half in np.array_split(upright, 2) for part in np.array_split(half, 2, axis=1)]
    assert np.argmax(np.abs(np.array(quarters) - np.median(quarters))) == 1


def test_further_columns_and_what_is_no_text(site: Any, settings: Settings, tmp_path: Path) -> None:
    table = {
        "URL": [site.url(f"{row}.jpg") for row in range(4)] + [None],
        "TEXT": ["a", None, "", "c\ud800d".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "e"],
        "similarity": [0.25, 0.5, None, 1.0, 2.0],
        "WIDTH": [1, 2, 3, 4, 5],
        "NSFW": [None] * 5,
        "tags": [["x"], [], None, ["y", "z"], []],
    }
    pyarrow.parquet.write_table(pa.table(table), tmp_path / "laion.parquet")
    columns = ("similarity", "WIDTH", "NSFW", "tags")
    done = fetch(tmp_path / "laion.parquet", tmp_path / "out", settings(columns=columns))
    assert done.reasons == {"no URL": 1}
    records = _records(tmp_path / "out")
    for name in ("similarity", "WIDTH", "NSFW"):
        assert [record[name] for record in records] == table[name]
    assert records[3]["tags"] == '["y", "z"]'
    assert [record["caption"] for record in records] == table["TEXT"]
    assert [sample["txt"] for sample in _samples(done)][:3] == [b"a", b"", b""]
    with pytest.raises(impasto.SourceError, match="no column 'foo'"):
        fetch(tmp_path / "laion.parquet", tmp_path / "other", settings(columns=("foo",)))


def test_captions_that_are_not_utf8(site: Any, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_bytes(b"caf\xe9\t" + site.url("1.jpg").encode() + b"\n")
    done = fetch(tmp_path / "list.tsv", tmp_path / "out", settings())
    assert _samples(done)[0]["txt"].decode() == _records(tmp_path / "out")[0]["caption"] == "caf\ufffd"


def test_urls_alone(site: Any, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("".join(site.url(f"{row}.jpg\n") for row in range(3)))
    done = fetch(tmp_path / "list.txt", tmp_path / "out", settings(captions=False))
    assert [set(sample) & {"txt", "jpg", "json"} for sample in _samples(done)] == [{"jpg", "json"}] * 3
    assert "caption" not in _records(tmp_path / "out")[0]


#: Paths that answer at once, and whether an image comes of them.
_QUICK = {
    "1.jpg": 1,
    "2.png": 1,
    "moved.jpg": 1,
    "gone.jpg": 0,
    "html.jpg": 0,
    "bomb.png": 0,
    "cut.jpg": 0,
    "circle": 0,
}


@given(data=st.data())
@effort(max_examples=15)
def test_every_row_ends_in_exactly_one_record(
    data: st.DataObject, shared_site: Any, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kind = st.sampled_from([*_QUICK, "", "nonsense", "ftp://a/b"])
    rows = data.draw(st.lists(st.tuples(kind, st.integers(0, 2)), min_size=1, max_size=20))
    chosen = {name: data.draw(st.integers(1, 9)) for name in ("shard_size", "connections", "per_host")}
    urls = [f"{shared_site.url(path)}?{copy}" if path in _QUICK else path for path, copy in rows]
    folder = tmp_path_factory.mktemp("property")
    (folder / "list.json").write_text(json.dumps([{"url": url, "caption": str(row)} for row, url in enumerate(urls)]))
    lives = [bool(_QUICK.get(path)) for path, _ in rows]
    done = None
    with nullcontext() if any(lives) else pytest.raises(impasto.SourceError, match="not one of"):
        done = fetch(folder / "list.json", folder / "out", settings(**chosen, retries=0))
    records = _records(folder / "out")
    assert [(record["url"], record["caption"]) for record in records] == [(url, str(n)) for n, url in enumerate(urls)]
    assert [record["status"] == "success" for record in records] == lives
    keys = [record["key"] for record in records]
    assert len(set(keys)) == len(keys) == len(rows) and sorted(keys) == keys
    members = [name for path in sorted((folder / "out").glob("*.tar")) for name in _names(path)]
    assert [name.partition(".")[0] for name in members[::3]] == [
        key for key, alive in zip(keys, lives, strict=True) if alive
    ]
    assert done is None or (done.images, done.failed) == (sum(lives), len(rows) - sum(lives))


def test_in_a_notebook(site: Any, settings: Settings, write_list: Lists, tmp_path: Path) -> None:
    async def cell(**options: Any) -> FetchedData:
        return fetch(write_list([site.url(f"{row}.jpg") for row in range(12)]), tmp_path / "out", settings(), **options)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="are kept in"):
        asyncio.run(cell(progress=interrupt))
    assert asyncio.run(cell()).images == 12
