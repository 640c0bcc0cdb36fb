"""Lists of URLs and captions, told apart by their content and read a row at a time."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from impasto import checks
from impasto.errors import SourceError
from impasto.extras import need
from impasto.sources.reading.files import StrPath, as_text, read_head
from impasto.sources.reading.json_files import read_json
from impasto.sources.reading.json_kind import WEB, require_kind
from impasto.sources.reading.tables import parse_record, stream_lines, stream_records

_URL = ("URL", "url", "image_url", "img_url")
_CAPTION = ("TEXT", "text", "caption", "top_caption", "title")
#: What the column of URLs is called by a first line that is no row, where it is none of these.
_HEADING = re.compile(r"((image|img|photo|picture|pic)[\s_-]*)?(urls?|uris?|links?|src|address(es)?)", re.IGNORECASE)
#: So much of a file is looked at to tell what it is.
_HEAD = 1 << 16
#: The share of lines which must agree where the URL is.
_AGREE = 0.9
_NONE: Mapping[str, Any] = MappingProxyType({})


class WebPair(NamedTuple):
    """A row of a list.

    Attributes:
        url: Text, or what else the list has in its place; None where it can't be read.
        caption: Likewise; None of a list without captions.
        columns: What else was asked for, by its column.
        fault: What is wrong with a row that can't be read; its URL may be known all the same.
    """

    url: Any
    caption: Any
    columns: Mapping[str, Any] = _NONE
    fault: str | None = None


class WebList:
    """Pairs of a URL and a caption, in the order of their list; any number of times.

    - SBU (Ordonez et al. 2011): ``sbu-captions-all.json`` (``{"image_urls", "captions"}``), or
      ``SBU_captioned_photo_dataset_urls.txt`` with ``..._captions.txt`` beside it.
    - Conceptual Captions (Sharma et al. 2018, Changpinyo et al. 2021): tab-separated lines, caption and URL (3M) or URL
      and caption (12M), without a header.
    - LAION's lists (Schuhmann et al. 2021): Parquet with ``URL`` and ``TEXT``.
    - Tables with a header, by tabs or commas; JSON lines; a JSON list of objects.

    All but JSON documents are streamed. A row that can't be read is a pair that says so (``fault``), and no error. If
    lines have no header, the first of them tell which column has the URLs; a first line that names none is a row.

    Args:
        file: The list.
        url: The column of the URLs, by default the first of the usual names; its number from 1 where lines have no
            header: ``"2"``.
        caption: The column of the captions, likewise.
        captions: False reads URLs alone, also from a file that has one a line and nothing else.
        columns: Further columns that are wanted.

    Raises:
        SourceError: When it is read: the file is missing or of another format, a column isn't there, or lines without a
            header have URLs here and there.
        MissingExtraError: It is Parquet and pyarrow is not installed.
    """

    def __init__(
        self,
        file: StrPath,
        *,
        url: str | None = None,
        caption: str | None = None,
        captions: bool = True,
        columns: Sequence[str] = (),
    ) -> None:
        self.path = checks.path("file", file)
        for name, value in (("url", url), ("caption", caption)):
            if value is not None:
                checks.instance(name, value, str)
        checks.flag("captions", captions)
        self._url, self._caption, self._captions = url, caption, captions
        self._columns = checks.texts("columns", columns)

    def __iter__(self) -> Iterator[WebPair]:
        head = read_head(self.path, _HEAD)
        if head[:4] == b"PAR1":
            return self._of_parquet()
        text = as_text(head, self.path).lstrip()
        if not text and len(head) < _HEAD:
            return iter(())
        if text[:1] == "[":
            return self._of_objects(read_json(self.path))
        if text[:1] == "{":
            return self._of_lines() if self._is_lines(text) else self._of_sbu()
        if self.path.endswith("_urls.txt"):
            return self._of_two_files()
        lines = text.split("\n")
        return self._of_table(lines[: -1 if len(head) == _HEAD and len(lines) > 1 else None])

    def _of_sbu(self) -> Iterator[WebPair]:
        document = read_json(self.path)
        require_kind(document, WEB, self.path)
        urls, captions = document["image_urls"], document["captions"]
        self._need_columns(())
        if len(urls) != len(captions):
            reason = f"there are {len(urls)} URLs and {len(captions)} captions; fetch the file anew"
            raise SourceError(reason, path=self.path)
        return map(WebPair, urls, captions)

    def _of_two_files(self) -> Iterator[WebPair]:
        self._need_columns(())
        other = self.path.removesuffix("_urls.txt") + "_captions.txt"
        sizes = [sum(1 for _ in stream_lines(one)) for one in (self.path, other)]
        if sizes[0] != sizes[1]:
            raise SourceError(f"it has {sizes[0]} lines and {other} {sizes[1]}; fetch them anew", path=self.path)
        return map(WebPair, stream_lines(self.path), stream_lines(other))

    def _is_lines(self, text: str) -> bool:
        first, _, rest = text.partition("\n")
        with suppress(ValueError):
            document = json.loads(first)
            return isinstance(document, dict) and (bool(rest.strip()) or "image_urls" not in document)
        return False

    def _of_lines(self) -> Iterator[WebPair]:
        return self._of_objects(map(_parsed, filter(str.strip, stream_lines(self.path))))

    def _of_objects(self, objects: Iterable[Any]) -> Iterator[WebPair]:
        names: tuple[str, str | None] | None = None
        for one in objects:
            if not isinstance(one, dict):
                yield WebPair(None, None, fault="it is no JSON object")
                continue
            # The first object may lack what all others have, so it is not asked for all.
            if names is None:
                names = self._names(list(one))
            yield WebPair(
                one.get(names[0]),
                None if names[1] is None else one.get(names[1]),
                {name: one.get(name) for name in self._columns},
            )

    def _of_table(self, lines: list[str]) -> Iterator[WebPair]:
        first = lines[0].rstrip("\r")
        for sep in "\t,":
            header = parse_record(first.encode("utf-8", "surrogateescape"), sep, "none" if sep == "\t" else None)
            named = self._url in header or (self._url is None and bool(set(_URL) & set(header)))
            if named and not any(map(is_url, header)):
                return self._of_named_columns(header, sep)
        if self._url is not None and not self._url.isdecimal():
            raise SourceError(f"no column is called {self._url!r}; its first line is {first[:80]!r}", path=self.path)
        self._need_columns(())
        if not self._captions and any(map(is_url, lines)) and not any("\t" in line for line in lines):
            return (WebPair(line.strip(), None) for line in stream_lines(self.path) if line.strip())
        return self._of_bare_lines([line.rstrip("\r").split("\t") for line in lines if line.rstrip("\r")])

    def _of_named_columns(self, header: list[str], sep: str) -> Iterator[WebPair]:
        url, caption = self._names(header)
        places = [header.index(name) for name in (url, caption, *self._columns) if name is not None]
        records = stream_records(self.path, sep, "none" if sep == "\t" else None)
        next(records)
        for record in records:
            if len(record.fields) != len(header):
                yield _unsplit(record.fields, len(header))
                continue
            values = [record.fields[place] for place in places]
            if caption is None:
                values.insert(1, "")
            yield WebPair(values[0], values[1] or None, dict(zip(self._columns, values[2:], strict=True)))

    def _of_bare_lines(self, first: list[list[str]]) -> Iterator[WebPair]:
        columns = 2 if self._url is None else Counter(map(len, first)).most_common(1)[0][0]
        url = self._url_place([fields for fields in first if len(fields) == columns], first, columns)
        caption = self._caption_place(url, columns) if self._captions else None
        for record in stream_records(self.path, "\t", "none"):
            fields = record.fields
            if len(fields) != columns:
                yield _unsplit(fields, columns)
            elif record.first > 1 or not _HEADING.fullmatch(fields[url].strip()):
                yield WebPair(fields[url], None if caption is None else fields[caption])

    def _url_place(self, rows: list[list[str]], first: list[list[str]], columns: int) -> int:
        """The column of the URLs: as was said, or where the first lines have them."""
        if self._url is not None:
            return self._number("url", self._url, columns)
        alone = [sum(is_url(row[at]) and not is_url(row[1 - at]) for row in rows) for at in range(2)]
        best = alone.index(max(alone))
        with_url = [fields for fields in first if any(map(is_url, fields))]
        if not with_url:
            reason = f"none of its first {len(first)} lines is a caption and URL with a tab between"
            raise SourceError(f"{reason}; impasto reads such lists", path=self.path)
        if not any(len(fields) == columns for fields in with_url):
            line = first.index(with_url[0]) + 1
            told = "is a URL without a caption; say so if there are none (captions=False)"
            if (many := len(with_url[0])) > 1:
                told = f"has {many} columns; say which are which, such as url='2', caption='1' (--url, --caption)"
            raise SourceError(f"line {line} {told}", path=self.path)
        if not alone[best] or alone[best] < _AGREE * sum(alone):
            reason = f"of its first {len(rows)} lines {alone[0]} have their URL in column 1 and {alone[1]} in column 2"
            raise SourceError(f"{reason}; say which it is: url='1' or url='2' (--url)", path=self.path)
        return best

    def _caption_place(self, url: int, columns: int) -> int:
        if self._caption is not None and self._caption.isdecimal():
            return self._number("caption", self._caption, columns)
        if columns != 2:
            reason = f"its lines have {columns} columns; say which has the captions, such as caption='1' (--caption)"
            raise SourceError(reason, path=self.path)
        return 1 - url

    def _number(self, name: str, number: str, columns: int) -> int:
        if not 1 <= int(number) <= columns:
            raise SourceError(f"{name}={number!r} is none of the {columns} columns of its lines", path=self.path)
        return int(number) - 1

    def _of_parquet(self) -> Iterator[WebPair]:
        parquet: Any = need("pyarrow.parquet", "arrow")
        try:
            file = parquet.ParquetFile(self.path)
            url, caption = self._names(file.schema_arrow.names)
            wanted = [name for name in (url, caption) if name is not None]
            for batch in file.iter_batches(batch_size=4096, columns=[*dict.fromkeys([*wanted, *self._columns])]):
                columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
                texts = columns[caption] if caption is not None else [None] * len(columns[url])
                for row, pair in enumerate(zip(columns[url], texts, strict=True)):
                    yield WebPair(*pair, {name: columns[name][row] for name in self._columns})
        except (OSError, ValueError) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(f"the Parquet file can't be read: {error}", path=self.path) from error

    def _names(self, there: Sequence[str]) -> tuple[str, str | None]:
        """The columns of the URLs and of the captions."""
        url = self._url or next((name for name in _URL if name in there), None)
        caption = self._caption or next((name for name in _CAPTION if name in there), None)
        if url is None or (caption is None and self._captions):
            reason = f"it has no columns of URLs and captions such as URL and TEXT (there are {list(there)}); name them"
            raise SourceError(f"{reason}, or say that there are no captions", path=self.path)
        caption = caption if self._captions else None
        self._need_columns(there, url, *([] if caption is None else [caption]))
        return url, caption

    def _need_columns(self, there: Sequence[str], *more: str) -> None:
        absent = [name for name in (*more, *self._columns) if name not in there]
        if absent:
            names = f"there are {list(there)}" if there else "its columns have no names"
            raise SourceError(f"it has no column {', '.join(map(repr, absent))} ({names})", path=self.path)


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _unsplit(fields: Sequence[str], columns: int) -> WebPair:
    """A line that has another number of fields than the others, with its URL where only one can be it."""
    urls = [field for field in fields if is_url(field)]
    return WebPair(urls[0] if len(urls) == 1 else None, None, fault=f"it has {len(fields)} columns, the list {columns}")


def is_url(text: str) -> bool:
    """Whether a field of a table is a URL."""
    return text.lstrip()[:8].lower().startswith(("http://", "https://"))
