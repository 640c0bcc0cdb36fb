"""What can be wrong with a row that is cleaned, by name: what `impasto.jobs.inspect` knows, and more."""

from __future__ import annotations

#: What each flag means, in the order in which flags are told.
_MEANINGS = {
    "bad row": "the row's entry is wrong",
    "bad label": "the row's label is no whole number",
    "missing image": "the image's file is not there",
    "unreadable image": "the image's file can't be read",
    "undecodable image": "the bytes are no image",
    "truncated image": "the image ends before its last pixel",
    "huge image": "more pixels, bytes or scans than ImageRecipe allows",
    "unsupported image": "an image of a format that is not read",
    "tiny image": "the shorter side is under min_side pixels",
    "extreme aspect": "the longer side is over max_aspect times the shorter",
    "near-blank image": "luma deviates by less than min_contrast levels from its mean",
    "noisy image": "the noise score is over max_noise",
    "no caption": "the row has no caption, and others have",
    "empty caption": "all captions are empty",
    "over-long caption": "all captions have more bytes than TextRecipe allows",
    "bad caption": "no caption is text in UTF-8",
    "boilerplate caption": "all captions are file names, addresses, numbers or words such as 'image'",
    "repeated caption": "all captions are those of more than `repeats` pictures",
    "duplicate row": "the same key, image and captions as a row before",
    "duplicate image": "the same bytes as an image that is kept",
    "near duplicate": "it looks like an image that is kept, or its mirror image",
}


def known_flags() -> dict[str, str]:
    """What each flag means, by name, in the order in which they are told."""
    return dict(_MEANINGS)
