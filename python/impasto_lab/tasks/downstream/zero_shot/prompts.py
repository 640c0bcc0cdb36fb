"""What is said of a class: its name, in several sentences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from impasto.errors import SourceError
from impasto.files import read_regular
from impasto.sources import Source

#: Ours, of photographs and pictures of one thing.
TEMPLATES = (
    "a photo of a {}.",
    "a picture of a {}.",
    "this is a {}.",
    "one {} seen from near by.",
    "a {} in the distance.",
    "a dim photo of a {}.",
    "a small, blurred photo of a {}.",
    "a drawing of a {}.",
)
_MOST = 1 << 24


def read_templates(path: str | Path) -> tuple[str, ...]:
    """Templates of a file: one a line, with ``{}`` where the name goes.

    Raises:
        SourceError: If it is missing, empty, no UTF-8, or a line has not one ``{}``.
    """
    try:
        lines = read_regular(path, most=_MOST).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise SourceError(f"it is no UTF-8: {error}; save it as text", path=str(path)) from error
    found = tuple(line.strip() for line in lines if line.strip())
    wrong = [line for line in found if line.count("{}") != 1]
    if wrong or not found:
        reason = f"the template {wrong[0]!r} has not one {{}}" if wrong else "there is no template"
        raise SourceError(f"{reason}; write one a line, with {{}} where the name goes", path=str(path))
    return found


def class_names(data: Source, names: str | None) -> list[str]:
    """The classes of data, in words: ``_`` is a space, and a file's names stand for others.

    Args:
        data: Its classes are folders' names, as of `impasto.sources.ImageFolder`.
        names: A JSON object from a class to its name, of some or all of them.

    Raises:
        SourceError: If the data has no classes, or the file is no such object.
    """
    classes: Sequence[str] = getattr(data, "classes", ())
    if not classes:
        raise SourceError(f"{data!r} has no classes; name a folder with a folder of images for each")
    given: dict[str, str] = {}
    if names is not None:
        try:
            given = json.loads(read_regular(names, most=_MOST))
        except (ValueError, RecursionError) as error:
            raise SourceError(f"it is no JSON: {error}; check the path", path=names) from error
        if not isinstance(given, dict) or not all(isinstance(one, str) and one for one in given.values()):
            raise SourceError("it is no JSON object from classes to names; check the path", path=names)
        strange = [one for one in given if one not in classes]
        if strange:
            reason = f"{strange[0]!r} is no class; there are {', '.join(classes[:8])}"
            raise SourceError(f"{reason}; write the folders' names", path=names)
    return [given.get(one, one.replace("_", " ")) for one in classes]
