"""Which of the known annotation formats a JSON document is, so that a wrong choice is answered with the right one."""

from typing import Any

from impasto.errors import SourceError

COCO = "CocoCaptions"
KARPATHY = "KarpathyCaptions"
ALBEF = "AlbefCaptions"

_LOOKED_AT = 100
_NAMES = {COCO: "COCO captions", KARPATHY: "Karpathy", ALBEF: "ALBEF"}


def json_kind(document: Any) -> str | None:
    """The name of the source that reads ``document``, or ``None`` when no source does."""
    if isinstance(document, dict):
        images = document.get("images")
        if isinstance(images, list) and isinstance(document.get("annotations"), list):
            return COCO if _first_has(document["annotations"], "caption", when_empty=True) else None
        if isinstance(images, list) and _first_has(images, "sentences"):
            return KARPATHY
    if isinstance(document, list) and _first_has(document, "image") and _first_has(document, "caption"):
        return ALBEF
    return None


def require_kind(document: Any, wanted: str, path: str) -> None:
    """Checks that ``document`` is what the source ``wanted`` reads.

    Raises:
        SourceError: It is not; the message says what it looks like and which source to use.
    """
    found = json_kind(document)
    if found == wanted:
        return
    if document == [] or (isinstance(document, dict) and document.get("images") == []):
        raise SourceError("the data set is empty: the file lists no images; check the path", path=path)
    if found is not None:
        reason = f"this looks like {'an' if found == ALBEF else 'a'} {_NAMES[found]} file: use {found}"
    else:
        reason = f"this is not a {_NAMES[wanted]} file: {_advice(document)}"
    raise SourceError(reason, path=path)


def _advice(document: Any) -> str:
    if isinstance(document, dict) and isinstance(document.get("annotations"), list):
        if _first_has(document["annotations"], "bbox"):
            return "its annotations are boxes; use the file that holds captions (captions_*.json)"
        return "its annotations have no 'caption'; use the file that holds captions"
    if isinstance(document, dict):
        names = ", ".join(map(repr, list(document)[:8]))
        return f"the document is an object with {names or 'no fields'}; check the path"
    if isinstance(document, list):
        first = document[0]
        fields = ", ".join(map(repr, list(first)[:8])) if isinstance(first, dict) else type(first).__name__
        remedy = "check the path"
        if _first_has(document, "image"):
            remedy = "entries that impasto reads have 'image' and 'caption'; rename the field that holds captions"
        return f"the document is a list whose first entry has {fields}; {remedy}"
    return f"the document is a single {type(document).__name__}; check the path"


def _first_has(entries: list[Any], field: str, *, when_empty: bool = False) -> bool:
    if not entries:
        return when_empty
    # The very first may be the bad one.
    return any(isinstance(entry, dict) and field in entry for entry in entries[:_LOOKED_AT])
