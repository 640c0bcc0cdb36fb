"""Flickr8k and Flickr30k: the token file, the Kaggle CSV, and the image,caption CSV."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import CaptionError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import Caption, as_caption
from impasto.sources.reading.files import StrPath, read_text, require_folder
from impasto.sources.reading.tables import Quoting, Table, as_lines

_TOKEN = re.compile(r"(?P<image>[^\t]+)#(?P<number>\d+)\t(?P<caption>.*)")
# One line of the published results.csv lacks its second bar ("2199200615.jpg| 4   A dog runs ..."): it is optional.
_BARS = re.compile(r"(?P<image>[^|]+?)\s*\|\s*(?P<number>\d+)\s*\|?\s*(?P<caption>.*)")

#: The layouts: a name and the pattern of a line, or ``None`` for a quoted CSV.
_TOKEN_FILE, _BAR_FILE, _PLAIN_CSV = "token", "bars", "csv"


class FlickrCaptions(IndexedSource):
    """Images and captions of Flickr8k or Flickr30k (Hodosh et al. 2013, Young et al. 2014).

    Three layouts are known and told apart by the first line: ``results_20130124.token`` or ``Flickr8k.token.txt``
    (``name#number<TAB>caption``), Kaggle's ``results.csv`` (``image_name| comment_number| comment``), and Kaggle's
    ``captions.txt`` (``image,caption`` with double quotes). One row is one image, in order of first appearance, with
    its captions in the order of their numbers. The row's key is the file name; a line without one is a row of its own,
    at fault, with the key ``"line N"``. A row's facts are its ``image`` and captions.

    Args:
        captions: The file.
        images: The folder that holds the images.
        quoting: How double quotes in ``captions.txt`` are read, as in `CsvCaptions`; with ``"none"`` a caption begins
            at the line's first comma.

    Raises:
        SourceError: The file is missing, empty or of none of these layouts; its quotes don't fit; there is no such
            folder.
        RecipeError: ``quoting`` is not known.
    """

    def __init__(self, captions: StrPath, *, images: StrPath, quoting: Quoting = None) -> None:
        root = require_folder(images)
        path = checks.path("captions", captions)
        rows: dict[str, dict[int, Caption]] = {}
        faults: dict[str, SourceError] = {}
        for line in _lines(path, quoting):
            if line.image is None:
                key = f"line {line.line}"
                rows[key] = {}
                faults[key] = SourceError(f"{key} has no image, number and caption; repair it", path=path)
                continue
            numbered = rows.setdefault(line.image, {})
            number = len(numbered) if line.number is None else line.number
            if number in numbered:
                reason = f"line {line.line} gives caption number {number} a second time; number it afresh"
                number = max(numbered) + 1
                numbered[number] = CaptionError(reason, path=path)
            else:
                numbered[number] = line.caption
        if not rows:
            raise SourceError("the data set is empty: the file holds no captions; check the path", path=path)
        builder = IndexBuilder(root)
        for image, numbered in rows.items():
            texts = [caption for _, caption in sorted(numbered.items(), key=lambda pair: pair[0])]
            if image in faults:
                builder.add_fault(image, faults[image])
            else:
                builder.add_file(image, image, texts)
        super().__init__(builder.finish(), f"{path!r}, images={os.fspath(images)!r}")

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        return {"image": self.key(row)}


class _Line(NamedTuple):
    """A line's image (None where it can't be told), caption number (None where the layout has none) and caption."""

    line: int
    image: str | None
    number: int | None
    caption: Caption


def flickr_layout(first_line: str) -> str | None:
    """Which of the layouts a file with this first line has, or ``None``."""
    if _TOKEN.fullmatch(first_line):
        return _TOKEN_FILE
    if re.fullmatch(r"image_name\s*\|\s*comment_number\s*\|\s*comment\s*", first_line):
        return _BAR_FILE
    if re.fullmatch(r"image,\s*caption\s*", first_line):
        return _PLAIN_CSV
    return None


def _lines(path: str, quoting: Quoting) -> Iterator[_Line]:
    lines = as_lines(read_text(path), path)
    layout = flickr_layout(lines[0].rstrip("\r"))
    if layout is None and not any(line.strip() for line in lines):
        return iter(())
    if layout is None:
        reason = (
            "the first line is neither 'name#0<TAB>caption' nor 'image_name| comment_number| comment' nor "
            "'image,caption'; use CsvCaptions for other tables"
        )
        raise SourceError(reason, path=path)
    if layout == _PLAIN_CSV:
        return _plain(lines) if quoting == "none" else _quoted(Table(path, ",", quoting=quoting))
    return _matched(lines, _TOKEN if layout == _TOKEN_FILE else _BARS, header=layout == _BAR_FILE)


def _matched(lines: list[str], pattern: re.Pattern[str], *, header: bool) -> Iterator[_Line]:
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r")
        if (header and number == 1) or not line.strip():
            continue
        match = pattern.fullmatch(line)
        if match is None:
            yield _Line(number, None, None, "")
        else:
            yield _Line(number, match["image"], int(match["number"]), as_caption(match["caption"].strip()))


def _plain(lines: list[str]) -> Iterator[_Line]:
    for number, line in enumerate(lines[1:], 2):
        image, comma, caption = line.rstrip("\r").partition(",")
        if image or comma:
            yield _Line(number, image or None, None, as_caption(caption.strip()))


def _quoted(table: Table) -> Iterator[_Line]:
    for record in table:
        line, fields = record.first, record.fields
        if line == 1:
            continue
        if len(fields) != 2:
            reason = f"line {line} has {len(fields)} fields, not 2; put the caption in double quotes if it has commas"
            yield _Line(line, fields[0] or None, None, CaptionError(reason, path=table.path))
        else:
            table.require_no_rows_in(record, 2, 0)
            yield _Line(line, fields[0] or None, None, as_caption(fields[1].strip()))


def flickr_names(path: str, quoting: Quoting) -> Iterator[str]:
    """The image of each caption, in the order of the file."""
    return (line.image for line in _lines(path, quoting) if line.image is not None)
