"""A post without what says nothing of its picture."""

from __future__ import annotations

import re
import unicodedata

_LINKS = re.compile(r"(?:https?://|www\.)\S+")
_MENTIONS = re.compile(r"(?<!\w)@\w+")
_TAGS = re.compile(r"(?<!\w)#\w+")
_RUNS = re.compile(r"([!?.,])\1+")
#: Joiners and selectors of emoji, which are no letters of their own.
_INVISIBLE = "\u200d\ufe0f"


def tidy(text: str) -> str:
    """Drops links, mentions, hashtags and emoji, and makes runs of marks one; words of all scripts stay.

    Args:
        text: A post.

    >>> tidy("omg a red star on sand!!! \U0001f60d #nofilter @me https://t.example/x")
    'omg a red star on sand!'
    """
    for pattern in (_LINKS, _MENTIONS, _TAGS):
        text = pattern.sub(" ", text)
    kept = "".join(sign for sign in text if unicodedata.category(sign) != "So" and sign not in _INVISIBLE)
    return " ".join(_RUNS.sub(r"\1", kept).split())
