"""Captions that say nothing of their picture."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Sequence

import numpy as np

#: Whole captions, without case, punctuation and digits.
# fmt: off
_WORDS = frozenset((
    "alt", "alt text", "avatar", "background", "banner", "button", "caption", "click", "click here",
    "click to enlarge", "click to view", "cover", "default", "default image", "description", "download",
    "download image", "enlarge", "featured image", "file", "free", "full size", "gallery", "home", "icon", "image",
    "image coming soon", "image description", "image for", "image not available", "image not found",
    "image result for", "image title", "images", "img", "jpeg", "jpg", "link", "loading", "logo", "main image",
    "media", "menu", "more", "n a", "na", "nan", "new", "no caption", "no description", "no image",
    "no image available", "no photo", "no picture", "no title", "none", "null", "photo", "photo by", "photograph",
    "photos", "pic", "pics", "picture", "pictures", "placeholder", "png", "post", "preview", "product",
    "product image", "read more", "screen shot", "screenshot", "see more", "share", "slide", "stock image",
    "stock photo", "stock picture", "thumb", "thumbnail", "title", "tmp", "undefined", "unknown", "unnamed",
    "untitled", "video", "view", "zoom",
))
# fmt: on
_ADDRESS = re.compile(
    r"(https?://|www\.)\S+|[\w-]+(\.[\w-]+)*\.(com|org|net|edu|gov|info|io|co\.\w\w)(/\S*)?", re.IGNORECASE
)
_FILE = re.compile(r"[^\n]{0,200}\.(jpe?g|jfif|png|gif|webp|bmp|tiff?|svg|heic|avif|cr2|nef|mp4|pdf)", re.IGNORECASE)
_CAMERA = re.compile(
    r"(dsc[nf]?|dscn|img|imag|image|p|pict|pic|photo|picture|pxl|screenshot|screen shot|slide|untitled|wp|mvi|gopr|dji|"
    r"fullsizerender)[\s_#()-]*[\d_.\s()-]*\d[\d_.\s()-]*(edited|copy|large|small|thumb)?",
    re.IGNORECASE,
)
_SIZE = re.compile(r"\d+\s*[x\u00d7*]\s*\d+(\s*(px|pixels|mm|cm))?", re.IGNORECASE)
_CODE = re.compile(r"(?=[a-f-]*\d)[\da-f]{8}[\da-f-]*|(?=(\D*\d){4})[a-z\d_-]{12,}", re.IGNORECASE)
#: Longer texts are no file's name, in characters; on these some patterns would take their time.
_LONG = 250
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN = re.compile(r"[\W\d_]+")


def boilerplate(caption: str, further: Collection[str] = (), min_words: int = 0) -> str | None:
    """Why a caption says nothing of its picture, or None if it may say something.

    Args:
        caption: Not empty.
        further: Captions that say nothing, as `plain` gives them.
        min_words: The fewest words that say something.
    """
    text = caption.strip()
    if _ADDRESS.fullmatch(text):
        return "it is an address"
    if not _LETTER.search(text):
        return "it has no letter"
    if len(text) > _LONG:
        return None
    if _FILE.fullmatch(text) or _CAMERA.fullmatch(text):
        return "it is a file's name"
    if _SIZE.fullmatch(text):
        return "it is a size"
    if _CODE.fullmatch(text):
        return "it is a number or a code"
    if (bare := plain(text)) in _WORDS or bare in further:
        return f"it says {bare!r} and no more"
    if len(text.split()) < min_words:
        return f"it has fewer than {min_words} words"
    return None


def plain(caption: str) -> str:
    """A caption without case, punctuation and digits, as captions are compared."""
    return _PLAIN.sub(" ", caption.casefold()).strip()


class Repetitions:
    """Which captions are those of many pictures; 24 bytes for each caption of each row.

    Captions are compared without case and spare white space, and counted once for each picture.
    """

    def __init__(self) -> None:
        self._rows, self._captions, self._pictures = array("q"), array("q"), array("q")

    def add(self, row: int, captions: Sequence[str], picture: int) -> None:
        """Adds the captions of a row that are text, and a number of its picture."""
        for caption in captions:
            self._rows.append(row)
            self._captions.append(hash(" ".join(caption.casefold().split())))
            self._pictures.append(picture)

    def repeated(self, most: int) -> dict[int, int]:
        """The rows all of whose captions are those of more than ``most`` pictures, and of how many at least."""
        rows, captions, pictures = (np.array(one, np.int64) for one in (self._rows, self._captions, self._pictures))
        pairs = np.unique(np.stack([captions, pictures]), axis=1)
        known, counts = np.unique(pairs[0], return_counts=True)
        many = counts[np.searchsorted(known, captions)]
        owners, begins = np.unique(rows, return_index=True)  # a row's captions come together
        fewest = np.minimum.reduceat(many, begins) if len(rows) else many
        return {row: count for row, count in zip(owners.tolist(), fewest.tolist(), strict=True) if count > most}
