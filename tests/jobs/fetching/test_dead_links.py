"""Every way in which a link can be dead, or seem so: each ends in one record that says why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import impasto
from impasto.jobs import FetchedData, FetchSettings, fetch

DOWNLOAD, RESIZE = "failed_to_download", "failed_to_resize"
#: What comes of each path: a status and its reason, or None for an image.
ENDS: dict[str, tuple[str, str] | None] = {
    "1.jpg": None,
    "2.png": None,
    "unnamed.jpg": None,
    "moved.jpg": None,
    "gzip.jpg": None,
    "once-503.jpg": None,
    "drop-once.jpg": None,
    "slow.jpg": (DOWNLOAD, "timeout"),
    "trickle.jpg": (DOWNLOAD, "timeout"),
    "endless.jpg": (DOWNLOAD, "too many bytes"),
    "drop.jpg": (DOWNLOAD, "dropped"),
    "says-more.jpg": (DOWNLOAD, "cut short"),
    "says-less.jpg": (DOWNLOAD, "bad answer"),
    "says-huge.jpg": (DOWNLOAD, "too many bytes"),
    "no-http.jpg": (DOWNLOAD, "bad answer"),
    "html.jpg": (DOWNLOAD, "not an image"),
    "html-as-jpeg.jpg": (RESIZE, "not an image"),
    "gif.jpg": (RESIZE, "unsupported image"),
    "empty.jpg": (RESIZE, "not an image"),
    "cut.jpg": (RESIZE, "truncated image"),
    "bomb.png": (RESIZE, "too many pixels"),
    "gzip-bomb.jpg": (DOWNLOAD, "too many bytes"),
    "gzip-cut.jpg": (DOWNLOAD, "cut short"),
    "wait-for-ever.jpg": (DOWNLOAD, "HTTP 429"),
    "forbidden.jpg": (DOWNLOAD, "HTTP 403"),
    "gone.jpg": (DOWNLOAD, "HTTP 404"),
    "circle": (DOWNLOAD, "too many redirects"),
    "to?file:///etc/passwd": (DOWNLOAD, "bad URL"),
    "to?http://[::1": (DOWNLOAD, "bad URL"),
    "to?": (DOWNLOAD, "bad answer"),
    "tagged?tag=noai": (DOWNLOAD, "X-Robots-Tag"),
    "ftp://example.com/a.jpg": (DOWNLOAD, "bad URL"),
    "http://me:secret@127.0.0.1/a.jpg": (DOWNLOAD, "bad URL"),
    "http://127.0.0.1:1/a.jpg": (DOWNLOAD, "no connection"),
    "http://nowhere.invalid/a.jpg": (DOWNLOAD, "no such name"),
    " ": (DOWNLOAD, "no URL"),
}


@pytest.fixture(scope="module")
def fetched(
    tmp_path_factory: pytest.TempPathFactory, settings: Callable[..., FetchSettings], open_site: Callable[[], Any]
) -> Iterator[tuple[FetchedData, list[dict[str, Any]], Any]]:
    """What came of a list of all of these, its records, and the site."""
    folder = tmp_path_factory.mktemp("dead")
    with open_site() as site:
        urls = [path if "://" in path.partition("?")[0] or path == " " else site.url(path) for path in ENDS]
        (folder / "list.tsv").write_text("".join(f"{url}\tcaption\n" for url in urls))
        told: list[tuple[int, int]] = []
        limits = {"max_bytes": 300_000, "max_wait": 5.0, "per_host": 16}
        done = fetch(folder / "list.tsv", folder / "out", settings(**limits), progress=lambda *at: told.append(at))
        assert told[-1] == (len(ENDS), len(ENDS))
        tables = sorted((folder / "out").glob("*.parquet"))
        yield done, [row for table in tables for row in pyarrow.parquet.read_table(table).to_pylist()], site


@pytest.mark.parametrize("path", ENDS)
def test_a_link_ends_as_it_should(path: str, fetched: tuple[Any, ...]) -> None:
    record = fetched[1][list(ENDS).index(path)]
    expected = ENDS[path]
    found = (record["status"], record["reason"])
    assert found == (("success", None) if expected is None else expected), record
    assert (record["error_message"] or "").startswith(record["reason"] or "")
    assert (record["sha256"] is None) == (record["width"] is None) == (expected is not None)


def test_they_add_up(fetched: tuple[FetchedData, list[dict[str, Any]], Any]) -> None:
    done, records, _ = fetched
    dead = [end for end in ENDS.values() if end]
    assert len(records) == len(ENDS) == done.rows
    assert (done.images, done.failed) == (len(ENDS) - len(dead), len(dead))
    assert sum(done.reasons.values()) == len(dead)
    assert done.lived == done.images / len(ENDS)
    out = Path(done.shards).parent
    listed = [json.loads(line) for line in (out / "failed.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["row"] for line in listed] == [row for row, end in enumerate(ENDS.values()) if end]
    assert [line["reason"] for line in listed] == [end[1] for end in ENDS.values() if end]
    assert len(impasto.sources.WebDataset(done.shards)) == done.images


def test_what_may_pass_is_tried_again_and_nothing_else(fetched: tuple[Any, ...]) -> None:
    asked = fetched[2].asked
    assert {asked[path] for path in ("slow.jpg", "trickle.jpg", "once-503.jpg", "says-more.jpg")} == {2}
    once = (
        "forbidden.jpg",
        "gone.jpg",
        "endless.jpg",
        "bomb.png",
        "html.jpg",
        "cut.jpg",
        "wait-for-ever.jpg",
        "tagged",
    )
    assert {asked[path] for path in once} == {1}


def test_nobody_knows_us_again(fetched: tuple[Any, ...]) -> None:
    headers = fetched[2].headers
    assert not {"Cookie", "Referer", "Authorization"} & headers.keys()
    assert headers["User-Agent"].startswith("impasto ") and headers["Accept-Encoding"] == "identity"


def test_a_list_without_a_living_link_says_why_and_keeps_its_records(
    site: Any, settings: Callable[..., FetchSettings], write_list: Callable[..., Path], tmp_path: Path
) -> None:
    urls = [site.url(f"gone.jpg?{row}") for row in range(3)]
    with pytest.raises(
        impasto.SourceError, match="not one of 3 links gave an image, most often for: HTTP 404"
    ) as caught:
        fetch(write_list(urls), tmp_path / "out", settings())
    assert len(Path(str(caught.value.path)).read_text().splitlines()) == 3


def test_a_row_that_can_not_be_split_keeps_its_link_in_the_records(
    site: Any, settings: Callable[..., FetchSettings], tmp_path: Path
) -> None:
    """And isn't asked for: what its caption is nobody knows. A first row without a link is a row too."""
    links = [site.url(f"{row}.jpg") for row in range(4)]
    lines = ["none\t", f"one\t{links[1].replace('http', 'HTTP')}", f"two\t{links[2]}\tmore", f"three\t{links[3]}"]
    (tmp_path / "list.tsv").write_text("\n".join(lines))
    done = fetch(tmp_path / "list.tsv", tmp_path / "out", settings())
    assert (done.rows, done.images, done.reasons) == (4, 2, {"bad row": 1, "no URL": 1})
    dead = [json.loads(line) for line in (tmp_path / "out" / "failed.jsonl").read_text().splitlines()]
    assert [(one["row"], one["url"]) for one in dead] == [(0, ""), (2, links[2])]
    assert "it has 3 columns" in dead[1]["error_message"] and not site.asked["2.jpg"]


def test_tls_is_asked_for_and_checked(
    site: Any, settings: Callable[..., FetchSettings], write_list: Callable[..., Path], tmp_path: Path
) -> None:
    urls = [site.url("1.jpg"), site.url("1.jpg").replace("http:", "https:")]
    assert fetch(write_list(urls), tmp_path / "out", settings()).reasons == {"TLS": 1}
