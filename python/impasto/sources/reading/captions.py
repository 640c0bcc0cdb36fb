"""From what an annotation file holds as captions to what the index takes."""

from typing import TypeAlias

from impasto.errors import CaptionError, ImpastoError
from impasto.sources.reading.showing import show

#: A caption for the index: text, bytes that are not UTF-8 and are reported when the row is read, or what is wrong.
Caption: TypeAlias = str | bytes | ImpastoError


def as_captions(value: object, *, path: str) -> list[Caption]:
    """The captions of one row.

    Args:
        value: A caption, a list or tuple of captions, or ``None`` for a row without any.
        path: The file that holds the captions, for messages.

    Returns:
        The captions; in the place of one that is no string, its error.
    """
    if value is None:
        return []
    captions = value if isinstance(value, (list, tuple)) else [value]
    return [_as_caption(caption, path) for caption in captions]


def _as_caption(value: object, path: str) -> Caption:
    if isinstance(value, str):
        return as_caption(value)
    if isinstance(value, ImpastoError):
        return value
    return CaptionError(f"a caption is {show(value)}, not a string; make it one, or remove it", path=path)


def as_caption(text: str) -> Caption:
    """The caption as text, or as the file's own bytes where they were not UTF-8."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        try:
            return text.encode(errors="surrogateescape")
        except UnicodeEncodeError:
            return text.encode(errors="surrogatepass")
    return text
