"""open_clip's CSV: a table with a column of image paths and one of captions."""

import os

from impasto._core import IndexBuilder
from impasto.errors import RecipeError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, read_table, require_folder


class CsvCaptions(IndexedSource):
    r"""Image-caption pairs of a table with a header, as open_clip reads with ``--csv-separator`` and the like.

    One row is one line. The row's key is its image path, so lines that share an image share a key.

    Args:
        csv: The file; double quotes around a field are the only quoting.
        root: The folder that the image paths are relative to; by default they are absolute or relative to the
            working directory.
        image: Name of the column of image paths.
        caption: Name of the column of captions.
        sep: The character between columns.

    Raises:
        SourceError: The file is missing, empty or malformed, or lacks a column; there is no such folder.
        RecipeError: ``sep`` is not one character.
    """

    def __init__(
        self, csv: StrPath, *, root: StrPath = "", image: str = "filepath", caption: str = "title", sep: str = "\t"
    ) -> None:
        if len(sep) != 1:
            raise RecipeError(f"sep={sep!r} is not one character; say sep=',' or sep='\\t'")
        folder = require_folder(root) if os.fspath(root) else ""
        path = os.fspath(csv)
        records = read_table(path, sep)
        header = next(records, (1, []))[1]
        image_column, caption_column = (_column(header, name, sep, path) for name in (image, caption))
        builder = IndexBuilder(folder)
        for line, fields in records:
            if len(fields) != len(header):
                reason = f"line {line} has {len(fields)} fields and the header {len(header)}; quote the field or add it"
                raise SourceError(reason, path=path)
            key = fields[image_column]
            if not key:
                raise SourceError(f"line {line} has no image path; give it one, or remove it", path=path)
            builder.add_file(key, key, as_captions(fields[caption_column], key=key, path=path))
        index = builder.finish()
        if not len(index):
            raise SourceError("the data set is empty: the table has no lines below its header", path=path)
        super().__init__(index, f"{path!r}" + (f", root={os.fspath(root)!r}" if folder else ""))


def _column(header: list[str], name: str, sep: str, path: str) -> int:
    if not header:
        raise SourceError("the data set is empty: the file has no lines; check the path", path=path)
    if name in header:
        return header.index(name)
    other = next((mark for mark in "\t,;|" if mark != sep and mark in header[0]), None)
    if len(header) == 1 and other:
        reason = f"the header has one column with sep={sep!r}; this table seems to need sep={other!r}"
    else:
        reason = f"there is no column {name!r}; name the columns with image= and caption= (there are {header})"
    raise SourceError(reason, path=path)
