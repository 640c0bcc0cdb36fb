"""The catalogue's notation: one phrase for a picture in colour or without, mirrored or not."""

from __future__ import annotations

import re

_COLORED = re.compile(r"\[([^]|]*)(?:\|([^]]*))?\]")
_SIDE = re.compile(r"\{(left|right)\}")
_OTHER = {"left": "right", "right": "left"}


def read(phrase: str, *, colored: bool, mirrored: bool) -> str:
    """What a phrase says of one rendering of its picture.

    Args:
        phrase: With ``[colour words]``, ``[said in colour|said without]``, ``{left}`` and ``{right}``.
        colored: The picture shows its true colours.
        mirrored: It is flipped left to right.

    >>> read("a [red ]bus driving to the {left}", coloured=True, mirrored=False)
    'a red bus driving to the left'
    >>> read("a [red ]bus driving to the {left}", coloured=False, mirrored=True)
    'a bus driving to the right'
    >>> read("[an orange|a] flower", coloured=False, mirrored=False)
    'a flower'
    """
    said = _COLORED.sub(lambda found: found[1] if colored else found[2] or "", phrase)
    return _SIDE.sub(lambda found: _OTHER[found[1]] if mirrored else found[1], said)
