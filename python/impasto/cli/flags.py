"""Flags made from the fields of frozen settings: an option is written once, where its value lives.

A field's type says what is read (see `impasto.cli.kinds`), its line in the class's docstring what the flag is for, its
default what holds without the flag.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeVar, cast, get_args, get_type_hints

from impasto.cli.docstrings import arguments
from impasto.cli.kinds import PLACE, reading, unwrapped

T = TypeVar("T")


@dataclass(frozen=True)
class Given:
    """Marks a ``dict[str, Any]`` that holds what the command line says of other settings, and nothing that it doesn't.

    `make`, the settings themselves and their presets take it.

    Attributes:
        settings: A dataclass whose fields are flags here too.
        title: What help calls these flags; None leaves them among the others.
        names: The fields; all of them by default.
    """

    settings: type
    title: str | None
    names: tuple[str, ...] | None = None


def add(
    parser: argparse._ActionsContainer,
    settings: type,
    names: Sequence[str] | None = None,
    *,
    choices: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> None:
    """Adds the flags of settings to a parser.

    Args:
        parser: Where to.
        settings: A dataclass. A field that is a dataclass itself gives its own fields.
        names: The fields that are flags; all of them by default.
        choices: Words that fields take here, by name, where they are fewer than their types say.
    """
    for one, hint in _fields(settings, names):
        if other := _given(hint):
            add(parser.add_argument_group(other.title) if other.title else parser, other.settings, other.names)
        elif is_dataclass(hint):
            add(parser, cast(type, hint))
        else:
            _add(parser, one, hint, arguments(settings)[one.name], choices.get(one.name))


def make(settings: type[T], found: Mapping[str, Any]) -> T:
    """Makes settings of what was on the command line.

    Args:
        settings: As `add` was given them.
        found: Values by name, of these settings and maybe of others.

    Returns:
        The settings; fields that were not found have their defaults.
    """
    values: dict[str, Any] = {}
    for one, hint in _fields(settings):
        if other := _given(hint):
            values[one.name] = {
                name: _frozen(found[name]) for name in _names(other.settings, other.names) if name in found
            }
        elif is_dataclass(hint):
            values[one.name] = make(cast(type, hint), found)
        elif one.name in found:
            values[one.name] = _frozen(found[one.name])
    return settings(**values)


def _fields(settings: type, names: Sequence[str] | None = None) -> Iterator[tuple[Field[Any], Any]]:
    """Fields with their types; those of other fields may be names that type checkers alone import."""
    for one in fields(settings):
        if names is None or one.name in names:
            home = next(kind for kind in settings.__mro__ if one.name in vars(kind).get("__annotations__", {}))
            written = SimpleNamespace(__annotations__={one.name: one.type})
            yield one, get_type_hints(written, vars(sys.modules[home.__module__]), include_extras=True)[one.name]


def _given(hint: Any) -> Given | None:
    marks = [mark for mark in get_args(hint)[1:] if isinstance(mark, Given)]
    return marks[0] if marks else None


def _names(settings: type, names: Sequence[str] | None = None) -> Iterator[str]:
    """The names of all values that `add` reads."""
    for one, hint in _fields(settings, names):
        if other := _given(hint):
            yield from _names(other.settings, other.names)
        elif is_dataclass(hint):
            yield from _names(cast(type, hint))
        else:
            yield one.name


def _frozen(value: object) -> object:
    """A value as settings hold it; argparse makes lists of many words."""
    return tuple(value) if isinstance(value, list) else value


def _add(
    parser: argparse._ActionsContainer, one: Field[Any], hint: Any, text: str, choices: Sequence[str] | None
) -> None:
    kind, marks = unwrapped(hint)
    options = reading(one.name, kind, marks, one.default)
    if choices is not None:
        options["choices"] = choices
    required = one.default is MISSING
    # What isn't given has no value here: so that settings can tell it from their default given.
    options |= {"default": argparse.SUPPRESS, "help": text.replace("%", "%%") + _default(one.default)}
    if PLACE in marks:
        parser.add_argument(one.name, nargs=None if required else "?", **options)
    else:
        # A keyword of Python's, such as from, is the name of a field with a line behind it.
        flag = f"--{one.name.rstrip('_').replace('_', '-')}"
        parser.add_argument(flag, dest=one.name, required=required, **options)


def _default(value: object) -> str:
    """What help says of a default; nothing where the text has to say it."""
    if value is MISSING or value is None or value == () or isinstance(value, bool):
        return ""
    return f" (default: {' '.join(map(str, value)) if isinstance(value, tuple) else value})"
