"""What Google-style docstrings say of a class and its fields, as help says it."""

from __future__ import annotations

import inspect
import re
from functools import cache

_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns):\n", re.MULTILINE)
_FIELD = re.compile(r"^    (\w+): ", re.MULTILINE)


def description(settings: type) -> str:
    """The docstring of a class up to its first section."""
    return _SECTION.split(_docstring(settings), maxsplit=1)[0].strip()


@cache
def arguments(settings: type) -> dict[str, str]:
    """What the docstring says of each field, in the style of help: no capital, no full stop, no marks of code.

    Of a field that is inherited, the base says it.
    """
    inherited = {name: text for base in reversed(settings.__bases__) for name, text in arguments(base).items()}
    parts = _SECTION.split(_docstring(settings))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    found = _FIELD.split(sections.get("Args", "") + sections.get("Attributes", ""))
    return inherited | {name: _plain(text) for name, text in zip(found[1::2], found[2::2], strict=True)}


def _docstring(settings: type) -> str:
    return inspect.cleandoc(settings.__doc__ or "") + "\n"


def _plain(text: str) -> str:
    line = re.sub('[`"]', "", " ".join(text.split())).removesuffix(".")
    return line if re.match("[A-Z]{2}", line) else line[:1].lower() + line[1:]
