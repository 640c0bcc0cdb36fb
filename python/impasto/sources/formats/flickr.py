"""Flickr8k and Flickr30k: the token file, the Kaggle CSV, and the image,caption CSV."""

import os
import re
from collections.abc import Iterator

from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, read_table, read_text, require_folder

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
    its captions in the order of their numbers. The row's key is the file name.

    Args:
        captions: The file.
        images: The folder that holds the images.

    Raises:
        SourceError: The file is missing, empty or of none of these layouts; a line is malformed; a number occurs
            twice for an image; there is no such folder.
    """

    def __init__(self, captions: StrPath, *, images: StrPath) -> None:
        root = require_folder(images)
        path = os.fspath(captions)
        rows: dict[str, dict[int, str]] = {}
        for line, image, number, caption in _lines(path):
            numbered = rows.setdefault(image, {})
            if number is None:
                number = len(numbered)
            if number in numbered:
                reason = f"line {line} gives caption number {number} a second time; number it afresh"
                raise SourceError(reason, key=image, path=path)
            numbered[number] = caption
        if not rows:
            raise SourceError("the data set is empty: the file holds no captions; check the path", path=path)
        builder = IndexBuilder(root)
        for image, numbered in rows.items():
            texts = [caption for _, caption in sorted(numbered.items())]
            builder.add_file(image, image, as_captions(texts, key=image, path=path))
        super().__init__(builder.finish(), f"{path!r}, images={os.fspath(images)!r}")


def flickr_layout(first_line: str) -> str | None:
    """Which of the layouts a file with this first line has, or ``None``."""
    if _TOKEN.fullmatch(first_line):
        return _TOKEN_FILE
    if re.fullmatch(r"image_name\s*\|\s*comment_number\s*\|\s*comment\s*", first_line):
        return _BAR_FILE
    if re.fullmatch(r"image,\s*caption\s*", first_line):
        return _PLAIN_CSV
    return None


def _lines(path: str) -> Iterator[tuple[int, str, int | None, str]]:
    lines = read_text(path).split("\n")
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
        return _quoted(path)
    return _matched(path, lines, _TOKEN if layout == _TOKEN_FILE else _BARS, header=layout == _BAR_FILE)


def _matched(
    path: str, lines: list[str], pattern: re.Pattern[str], *, header: bool
) -> Iterator[tuple[int, str, int | None, str]]:
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r")
        if (header and number == 1) or not line.strip():
            continue
        match = pattern.fullmatch(line)
        if match is None:
            raise SourceError(f"line {number} has no image, number and caption: {line[:60]!r}; repair it", path=path)
        yield number, match["image"], int(match["number"]), match["caption"].strip()


def _quoted(path: str) -> Iterator[tuple[int, str, int | None, str]]:
    for line, fields in read_table(path, ","):
        if line == 1:
            continue
        if len(fields) != 2 or not fields[0]:
            reason = f"line {line} has {len(fields)} fields, not 2; put the caption in double quotes if it has commas"
            raise SourceError(reason, path=path)
        yield line, fields[0], None, fields[1].strip()


def flickr_names(path: str) -> Iterator[str]:
    """The image of each caption, in the order of the file."""
    return (image for _, image, _, _ in _lines(path))
