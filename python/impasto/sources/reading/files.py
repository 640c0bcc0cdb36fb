"""Reading files whole, with errors that say what a file is and what to do."""

import os
from pathlib import Path
from typing import TypeAlias

from impasto import checks
from impasto.errors import SourceError
from impasto.files import open_regular

#: A path as users write it.
StrPath: TypeAlias = str | os.PathLike[str]

BOM = b"\xef\xbb\xbf"
_OTHER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def read_data(path: StrPath, most: int | None = None) -> bytes:
    """The bytes of a regular file; anything else, such as a pipe, is never waited for.

    Args:
        path: The file, or a link to it.
        most: The most bytes that it may have.

    Raises:
        SourceError: The file is missing, no regular file, too long, or cannot be read.
    """
    data = read_head(path, -1 if most is None else most + 1)
    if most is not None and len(data) > most:
        reason = f"the file has more than {most} bytes, too many for what it should be"
        raise SourceError(reason, path=os.fspath(path))
    return data


def read_head(path: StrPath, size: int) -> bytes:
    """The first ``size`` bytes of a regular file, all of them for -1.

    Raises:
        SourceError: The file is missing, no regular file, or cannot be read.
    """
    with open_regular(path) as file:
        return file.read(size)


def as_text(data: bytes, path: StrPath) -> str:
    """The text that a file's bytes are in UTF-8, without a byte order mark.

    Bytes that are not UTF-8 become lone surrogates, so that only the captions that hold them are at fault.

    Raises:
        SourceError: The file is compressed, or in another encoding that is known by its bytes.
    """
    if data.startswith(b"\x1f\x8b"):
        raise SourceError("the file is compressed; unpack it with gunzip first", path=os.fspath(path))
    encoding = _other_encoding(data)
    if encoding:
        reason = f"the file is {encoding} (Excel's 'Unicode text' is); save it as UTF-8 ('CSV UTF-8'), or use iconv"
        raise SourceError(reason, path=os.fspath(path))
    return data.decode("utf-8-sig", "surrogateescape")


def _other_encoding(data: bytes) -> str | None:
    marked = next((name for mark, name in _OTHER_MARKS.items() if data.startswith(mark)), None)
    if marked:
        return marked
    head = data[:256]
    if len(head) < 4:  # the shortest document, "{}"
        return None
    # Latin letters in UTF-16 have a zero beside each.
    halves = (head[::2], head[1::2])
    zeros = any(half.count(0) > len(half) // 2 for half in halves) and not all(half.count(0) for half in halves)
    return "UTF-16 without a byte order mark" if zeros else None


def read_text(path: StrPath, most: int | None = None) -> str:
    """The text of a UTF-8 file, as `as_text` has it.

    Raises:
        SourceError: The file is missing, too long, in another encoding, or cannot be read.
    """
    return as_text(read_data(path, most), path)


def look_at(path: StrPath) -> tuple[int, int]:
    """A file's size and time, by which a change of it is seen.

    Raises:
        SourceError: It is gone.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - once a row
    except OSError as error:
        raise SourceError(f"the file cannot be read again: {error.strerror}", path=os.fspath(path)) from error
    return status.st_size, status.st_mtime_ns


def require_unchanged(path: StrPath, before: tuple[int, int]) -> None:
    """Refuses a file that is no longer what `look_at` saw.

    Raises:
        SourceError: It is gone, or another.
    """
    if look_at(path) != before:
        raise SourceError("the file changed after it was read; build the source again", path=os.fspath(path))


def require_folder(folder: StrPath, what: str = "images") -> str:
    """The absolute path of a folder that must exist.

    Args:
        folder: The folder.
        what: What the folder is for, in messages.

    Raises:
        SourceError: There is no such folder.
        RecipeError: It is no path.
    """
    path = Path(checks.path(what, folder)).absolute()
    if path.is_dir():
        return str(path)
    state = "is not a folder" if path.exists() else "does not exist"
    raise SourceError(f"the {what} folder {state}; check the path given to the source", path=str(path))
