"""From what an annotation file holds as captions to what the index takes."""

from typing import TypeAlias

from impasto.errors import CaptionError

#: A caption for the index: text, or bytes that are not UTF-8 and are reported when the row is read.
Caption: TypeAlias = str | bytes


def as_captions(value: object, *, key: str, path: str) -> list[Caption]:
    """The captions of one row.

    Args:
        value: A caption, a list or tuple of captions, or ``None`` for a row without any.
        key: The row's key, for messages.
        path: The file that holds the captions, for messages.

    Raises:
        CaptionError: A caption is not a string.
    """
    if isinstance(value, str):
        return [as_caption(value)]
    if value is None:
        return []
    if isinstance(value, (list, tuple)) and all(isinstance(caption, str) for caption in value):
        return [as_caption(caption) for caption in value]
    wrong = (
        next((one for one in value if not isinstance(one, str)), None) if isinstance(value, (list, tuple)) else value
    )
    reason = f"a caption is {_describe(wrong)}; make it a string, or a list of strings"
    raise CaptionError(reason, key=key, path=path)


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


def _describe(value: object) -> str:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    return f"{shown} ({type(value).__name__}), not a string"
