"""What came of a row, and its record as img2dataset has it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from impasto.jobs.fetching.links import DeadLink
from impasto.jobs.fetching.pictures import Picture
from impasto.sources import WebPair

#: What a record says of every row besides its own columns, in img2dataset's order; ``reason`` is ours.
FIELDS = ("key", "status", "error_message", "width", "height", "original_width", "original_height", "sha256", "reason")


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes in a file.

    Attributes:
        file: The file, open or not.
        offset: Where they begin.
        size: How many.
    """

    file: BinaryIO | Path
    offset: int
    size: int

    def read(self) -> bytes:
        """The bytes."""
        if isinstance(self.file, Path):
            with self.file.open("rb") as file:
                return os.pread(file.fileno(), self.size, self.offset)
        return os.pread(self.file.fileno(), self.size, self.offset)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row: every row ends in exactly one.

    Attributes:
        status: img2dataset's: success, failed_to_download or failed_to_resize.
        reason: Why the link is dead, in few words.
        error_message: The same in all words.
        sides: Width and height, then those of the image before it was scaled, of a success.
        sha256: Of the file as it came.
        ending: Of the member that holds the image.
        stored: Where the image lies.
    """

    status: str
    reason: str | None = None
    error_message: str | None = None
    sides: tuple[int | None, ...] = (None,) * 4
    sha256: str | None = None
    ending: str = ""
    stored: Stored | None = None

    @classmethod
    def of(cls, dead: DeadLink) -> Outcome:
        """A dead link's."""
        return cls(dead.status, dead.reason, str(dead))

    @classmethod
    def kept(cls, picture: Picture, stored: Stored) -> Outcome:
        """A success's."""
        sides = (picture.width, picture.height, picture.original_width, picture.original_height)
        return cls("success", None, None, sides, picture.sha256, picture.ending, stored)

    @classmethod
    def read(cls, record: Mapping[str, Any], ending: str, stored: Stored | None) -> Outcome:
        """From a record that was written."""
        sides = tuple(record[name] for name in FIELDS[3:7])
        return cls(record["status"], record["reason"], record["error_message"], sides, record["sha256"], ending, stored)

    @property
    def lives(self) -> bool:
        """Whether there is an image."""
        return self.stored is not None


def record(pair: WebPair, key: str, outcome: Outcome, *, captions: bool) -> dict[str, Any]:
    """A row's record.

    Args:
        pair: The row.
        key: Its key.
        outcome: What came of it.
        captions: Whether the list has captions.
    """
    columns = {name: _plain(value) for name, value in pair.columns.items()}
    own = {"url": text(pair.url)} | ({"caption": text(pair.caption)} if captions else {})
    values = (key, outcome.status, outcome.error_message, *outcome.sides, outcome.sha256, outcome.reason)
    return {**columns, **own, **dict(zip(FIELDS, values, strict=True))}


def text(value: Any) -> str | None:
    """A value as text that UTF-8 can hold: bytes that weren't show as U+FFFD."""
    if value is None:
        return None
    written = value if isinstance(value, str) else json.dumps(value, default=str)
    if written.isascii():
        return written
    try:
        data = written.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = written.encode("utf-8", "surrogatepass")
    return data.decode("utf-8", "replace")


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else text(value)
