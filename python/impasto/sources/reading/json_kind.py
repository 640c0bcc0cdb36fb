"""Which of the known annotation formats a JSON document is, so that a wrong choice is answered with the right one."""

from typing import Any

from impasto.errors import SourceError

COCO = "CocoCaptions"
COCO_INSTANCES = "CocoInstances"
KARPATHY = "KarpathyCaptions"
ALBEF = "AlbefCaptions"
VISUAL_GENOME = "VisualGenome"
WEB = "WebCaptions"
VQA = "VqaQuestions"

_LOOKED_AT = 100
_NAMES = {
    COCO: "COCO captions",
    COCO_INSTANCES: "COCO instances",
    KARPATHY: "Karpathy",
    ALBEF: "ALBEF",
    VISUAL_GENOME: "Visual Genome",
    WEB: "SBU",
    VQA: "VQA questions",
}


def json_kind(document: Any) -> str | None:
    """The name of the source that reads ``document``, or ``None`` when no source does."""
    if isinstance(document, dict):
        images = document.get("images")
        if isinstance(images, list) and isinstance(document.get("annotations"), list):
            if _first_has(document["annotations"], "caption"):
                return COCO
            if _first_has(document["annotations"], "bbox"):
                return COCO_INSTANCES
            if document["annotations"]:
                return None
            return COCO_INSTANCES if document.get("categories") else COCO
        if isinstance(images, list) and _first_has(images, "sentences"):
            return KARPATHY
        if all(isinstance(document.get(name), list) for name in ("image_urls", "captions")):
            return WEB
        if isinstance(document.get("questions"), list) and _first_has(document["questions"], "question_id"):
            return VQA
    if isinstance(document, list) and _first_has(document, "image") and _first_has(document, "caption"):
        return ALBEF
    if isinstance(document, list) and _first_has(document, "regions"):
        return VISUAL_GENOME
    return None


def require_kind(document: Any, wanted: str, path: str) -> None:
    """Checks that ``document`` is what the source ``wanted`` reads.

    Raises:
        SourceError: It is not; the message says what it looks like and which source to use.
    """
    found = json_kind(document)
    kinds = (COCO, COCO_INSTANCES)
    if found == wanted or (wanted in kinds and found in kinds and not document["annotations"]):
        return
    if document == [] or (isinstance(document, dict) and document.get("images") == []):
        raise SourceError("the data set is empty: the file lists no images; check the path", path=path)
    if (wanted, found) == kinds:
        reason = "its annotations are boxes: use CocoInstances, or the file that holds captions (captions_*.json)"
    elif found is not None:
        reason = f"this looks like {'an' if found == ALBEF else 'a'} {_NAMES[found]} file: use {found}"
    else:
        reason = f"this is not a {_NAMES[wanted]} file: {_advice(document)}"
    raise SourceError(reason, path=path)


def _advice(document: Any) -> str:
    if isinstance(document, dict) and isinstance(document.get("annotations"), list):
        return "its annotations have neither 'caption' nor 'bbox'; use the file that holds them"
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


def _first_has(entries: list[Any], field: str) -> bool:
    # The very first may be the bad one.
    return any(isinstance(entry, dict) and field in entry for entry in entries[:_LOOKED_AT])
