"""What the type of a field reads from a command line.

An ``int`` is a whole number from 0, a ``Literal`` one of its words; a ``tuple[X, ...]`` is many of them, a
``tuple[X, X]`` two values with a comma. Marks in ``Annotated`` say more: `Positional`, a metavar (a string), a function
that parses the text.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

T = TypeVar("T")

#: The mark of what is told by its place, without a flag.
PLACE = object()
Positional = Annotated[T, PLACE]


def whole(text: str) -> int:
    """Parses a whole number that isn't negative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def positive(text: str) -> int:
    """Parses a whole number of at least 1."""
    if (number := whole(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be at least 1")
    return number


def written(text: str) -> str:
    """Parses the path of a file that is to be written, or ``"-"``; it is tried, and nothing of that stays."""
    path = Path(text).absolute()
    if text != "-":
        try:
            if path.is_dir():
                raise argparse.ArgumentTypeError(f"{text!r} is a folder")
            if not path.parent.is_dir():
                raise argparse.ArgumentTypeError(f"the folder of {text!r} does not exist; make it first")
            _try_writing(path)
        except OSError as error:
            raise argparse.ArgumentTypeError(f"{text!r} cannot be written: {error.strerror}") from error
    return text


def _try_writing(path: Path) -> None:
    """Opens a file to write, which leaves one that is there as it is and a new one not there.

    Raises:
        OSError: If it can't be written.
    """
    there = path.exists()
    # A pipe would wait for who reads it.
    if not there or path.is_file():
        os.close(os.open(path, os.O_WRONLY | (0 if there else os.O_CREAT | os.O_EXCL)))
    if not there:
        path.unlink()


#: A whole number of at least 1.
Positive = Annotated[int, positive]
File = Annotated[str, "FILE"]
#: A file that is written when all else is done; seen to before.
Written = Annotated[str, "FILE", written]
Folder = Annotated[str, "DIR"]
#: Where networks run.
Device = Literal["auto", "cpu", "cuda"]


def unwrapped(hint: Any) -> tuple[Any, list[Any]]:
    """A type without its marks and without None, and the marks."""
    if get_origin(hint) is Annotated:
        inner, *marks = get_args(hint)
        kind, more = unwrapped(inner)
        return kind, [*more, *marks]
    if get_origin(hint) in (Union, UnionType):
        some = [kind for kind in get_args(hint) if kind is not NoneType]
        if len(some) == 1:
            return unwrapped(some[0])
        return Union[tuple(some)], []  # noqa: UP007
    return hint, []


def reading(name: str, kind: Any, marks: Sequence[Any], default: object) -> dict[str, Any]:
    """What `argparse.ArgumentParser.add_argument` takes for a field.

    Args:
        name: The field's.
        kind: Its type, from `unwrapped`.
        marks: And the marks.
        default: Its default; a flag that holds for False alone has no opposite.
    """
    if kind is bool:
        return {"action": "store_true" if default is False else argparse.BooleanOptionalAction}
    options: dict[str, Any] = {}
    if get_origin(kind) is tuple and get_args(kind)[1:] == (...,):
        kind, options["nargs"] = get_args(kind)[0], "+"
    if get_origin(kind) is Literal:
        return {"choices": get_args(kind), **options}
    parsers = [mark for mark in marks if callable(mark)]
    metavars = [mark for mark in marks if isinstance(mark, str)]
    options["type"] = parsers[0] if parsers else _parser(kind)
    options["metavar"] = metavars[0] if metavars else {int: "N", float: "X"}.get(kind, name.upper())
    return options


def _parser(kind: Any) -> Callable[[str], Any]:
    if kind is int:
        return whole
    if str in get_args(kind):
        return str
    pairs = [one for one in (kind, *get_args(kind)) if get_origin(one) is tuple]
    if pairs:
        return lambda text: _numbers(text, alone=pairs[0] is not kind)
    parse: Callable[[str], Any] = kind
    return parse


def _numbers(text: str, *, alone: bool) -> float | tuple[float, float]:
    """Parses two numbers, or one where one will do; whether they make sense is asked later."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) == 2:
        return values[0], values[1]
    if len(values) == 1 and alone:
        return values[0]
    raise argparse.ArgumentTypeError(
        f"{text!r} is {'neither a number nor' if alone else 'not'} a range such as 0.2,0.8"
    )
