"""Lists of URLs in every form that they come in: told from their content, read a row at a time."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto.sources import WebList, WebPair

URLS = [f"https://example.com/{row}.jpg" for row in range(3)]
TEXTS = ['a "red" mug', "two, or more", "café"]
PAIRS = list(zip(URLS, TEXTS, strict=True))


def _csv(sep: str, rows: list[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=sep, lineterminator="\n").writerows(rows)
    return file.getvalue()


FORMS: dict[str, str | Callable[[], str]] = {
    "cc3m.tsv": "".join(f"{text}\t{url}\n" for url, text in PAIRS),
    "cc12m.tsv": "\ufeff" + "".join(f"{url}\t{text}\r\n" for url, text in PAIRS),
    "header.tsv": "id\tcaption\turl\n" + "".join(f"{row}\t{text}\t{url}\n" for row, (url, text) in enumerate(PAIRS)),
    "header.csv": lambda: _csv(",", [["url", "caption", "id"], *([*pair, str(n)] for n, pair in enumerate(PAIRS))]),
    "sbu-captions-all.json": json.dumps({"image_urls": URLS, "captions": TEXTS, "user_ids": [1, 2, 3]}),
    "indented.json": json.dumps({"image_urls": URLS, "captions": TEXTS}, indent=1),
    "objects.json": json.dumps([{"caption": text, "url": url} for url, text in PAIRS]),
    "lines.jsonl": "".join(json.dumps({"TEXT": text, "URL": url}) + "\n" for url, text in PAIRS),
    "one.jsonl": json.dumps({"image_url": URLS[0], "text": TEXTS[0]}),
    "SBU_urls.txt": "\n".join(URLS) + "\n",
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Any], Path]:
    def write(name: str, text: Any) -> Path:
        path = tmp_path / name
        path.write_text(text() if callable(text) else text, encoding="utf-8", newline="")
        return path

    return write


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, write: Callable[..., Path]) -> None:
    write("SBU_captions.txt", "\n".join(TEXTS) + "\n")
    found = WebList(write(name, FORMS[name]))
    expected = [WebPair(*pair) for pair in PAIRS][: 1 if name == "one.jsonl" else 3]
    assert [pair[:2] for pair in found] == [pair[:2] for pair in found] == [pair[:2] for pair in expected]


def test_parquet(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = {"URL": URLS, "TEXT": TEXTS, "similarity": [0.1, 0.2, None], "alt": TEXTS[::-1]}
    parquet.write_table(arrow.table(table), tmp_path / "laion.parquet")
    found = list(WebList(tmp_path / "laion.parquet", columns=["similarity"]))
    assert found == [WebPair(*pair, {"similarity": table["similarity"][n]}) for n, pair in enumerate(PAIRS)]
    assert [pair.caption for pair in WebList(tmp_path / "laion.parquet", caption="alt")] == TEXTS[::-1]
    assert [pair.caption for pair in WebList(tmp_path / "laion.parquet", captions=False)] == [None] * 3
    with pytest.raises(impasto.SourceError, match="no column 'link'"):
        list(WebList(tmp_path / "laion.parquet", url="link"))


def test_columns_by_name(write: Callable[..., Path]) -> None:
    path = write("list.csv", "link,words,url\nhttp://a/1,one,http://b/1\nhttp://a/2,http://b/2\nhttp://a/3,three,x\n")
    found = list(WebList(path, url="link", caption="words", columns=["url"]))
    assert found == [
        ("http://a/1", "one", {"url": "http://b/1"}, None),
        (None, None, {}, "it has 2 columns, the list 3"),
        ("http://a/3", "three", {"url": "x"}, None),
    ]
    for wrong, reason in (
        ({}, "no columns of URLs and captions"),
        ({"url": "foo"}, "no column is called 'foo'"),
        ({"caption": "foo"}, "no column 'foo'"),
        ({"caption": "words", "columns": ["foo", "bar"]}, "no column 'foo', 'bar'"),
    ):
        with pytest.raises(impasto.SourceError, match=reason) as caught:
            list(WebList(path, **wrong))
        assert caught.value.path == str(path)


def test_rows_that_can_not_be_read_are_pairs_without_url(write: Callable[..., Path]) -> None:
    lines = [
        '{"url": "http://a/1", "text": "one"}',
        "{half",
        "[3]",
        "",
        '{"text": "four"}',
        '{"url": 5, "text": "six"}',
    ]
    found = WebList(write("lines.jsonl", "\n".join(lines)))
    assert [pair[:2] for pair in found] == [
        ("http://a/1", "one"),
        (None, None),
        (None, None),
        (None, "four"),
        (5, "six"),
    ]
    found = list(WebList(write("cc.tsv", "one\thttp://a/1\nhalf\ntwo\thttp://a/2\tmore\nthree\thttp://a/3\n")))
    assert [pair.url for pair in found] == ["http://a/1", None, "http://a/2", "http://a/3"]
    assert [pair.fault for pair in found] == [None, *(f"it has {n} columns, the list 2" for n in (1, 3)), None]


def test_a_list_without_header_loses_no_row(write: Callable[..., Path]) -> None:
    """Whatever its first line is: no link, a broken one, one in capitals, a heading."""
    rest = "two\thttp://a/2\nthree\thttp://a/3\n"
    for first, url in (
        ("a cat\t\n", ""),
        ("a cat\twww.a/1.jpg\n", "www.a/1.jpg"),
        ("a cat\tHTTPS://a/1\n", "HTTPS://a/1"),
        ("http://b\thttp://a/1\n", "http://a/1"),
    ):
        assert [pair.url for pair in WebList(write("cc.tsv", first + rest))] == [url, "http://a/2", "http://a/3"]
    assert [pair.caption for pair in WebList(write("cc.tsv", "Caption\tImage URL\n" + rest))] == ["two", "three"]
    (pair,) = WebList(write("cc.tsv", "one\tHTTP://a/1\n"))
    assert pair[:2] == ("HTTP://a/1", "one")
    path = write("urls.txt", "\n".join(["www.a/1", *URLS]))
    assert [pair.url for pair in WebList(path, captions=False)] == ["www.a/1", *URLS]


def test_where_the_urls_are_is_asked_if_lines_disagree(write: Callable[..., Path]) -> None:
    lines = "".join(f"http://a/{row}\tcaption {row}\n" for row in range(20))
    assert next(iter(WebList(write("cc.tsv", "a caption\thttp://b/0\n" + lines)))).url == "a caption"
    path = write("list.tsv", "one\thttp://a/1\nhttp://a/2\ttwo\n")
    with pytest.raises(impasto.SourceError, match=r"1 have their URL in column 1 and 1 in column 2; .*url='1' or"):
        list(WebList(path))
    assert [pair[:2] for pair in WebList(path, url="2")] == [("http://a/1", "one"), ("two", "http://a/2")]
    path = write("more.tsv", "".join(f"{row}\tcaption {row}\thttp://a/{row}\n" for row in range(3)) + "3\tx\n")
    with pytest.raises(impasto.SourceError, match=r"line 1 has 3 columns; say which are which, .*caption='1'"):
        list(WebList(path))
    with pytest.raises(impasto.SourceError, match=r"its lines have 3 columns; say which has the captions"):
        list(WebList(path, url="3"))
    with pytest.raises(impasto.SourceError, match=r"url='4' is none of the 3 columns"):
        list(WebList(path, url="4"))
    found = [pair[:2] for pair in WebList(path, url="3", caption="2")]
    assert found == [*((f"http://a/{row}", f"caption {row}") for row in range(3)), (None, None)]


def test_urls_alone(write: Callable[..., Path]) -> None:
    path = write("urls.txt", "\n".join(URLS) + "\n\n")
    assert [pair[:2] for pair in WebList(path, captions=False)] == [(url, None) for url in URLS]
    with pytest.raises(impasto.SourceError, match="line 1 is a URL without a caption"):
        list(WebList(path))
    with pytest.raises(impasto.RecipeError, match="captions=1"):
        WebList(path, captions=1)


@pytest.mark.parametrize("name", ["list.tsv", "list.csv", "list.jsonl"])
def test_a_list_may_be_larger_than_memory(name: str, write: Callable[..., Path]) -> None:
    line = {
        "tsv": "{0}\thttp://a/{1}\n",
        "csv": "{0},http://a/{1}\n",
        "jsonl": '{{"text": "{0}", "url": "http://a/{1}"}}\n',
    }
    form = line[name.partition(".")[2]]
    header = "text,url\n" if name.endswith("csv") else ""
    path = write(name, header + "".join(form.format("word " * 50, row) for row in range(20_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in WebList(path)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < path.stat().st_size / 4
    finally:
        tracemalloc.stop()
