"""COCO captions: ``captions_train2017.json`` and its like."""

from typing import Any

from impasto.errors import CaptionError, SourceError
from impasto.sources.formats.coco.rows import CocoRows, Numbered, ReadRow
from impasto.sources.reading.captions import Caption, as_captions
from impasto.sources.reading.files import StrPath
from impasto.sources.reading.json_kind import COCO


class CocoCaptions(CocoRows):
    """Images and captions of a COCO captions file (Lin et al. 2014, Chen et al. 2015).

    One row is one image, in the order of the file, with all its captions, in the order of their annotation ids. The
    row's key is the image id. An image without annotations stays as a row without captions. Annotations of images that
    are not listed are left out. A row's facts are its entry in ``images``, and its ``"annotations"`` as they stand:
    boxes, masks and categories too, where a file has them.

    Args:
        annotations: The JSON file: ``{"images": [{"id", "file_name"}], "annotations": [{"id", "image_id",
            "caption"}]}``.
        images: The folder that the file names are relative to. A missing image is found when it is read, or by
            ``impasto info``.

    Raises:
        SourceError: The file is missing, malformed, of another format or empty; there is no such folder.
    """

    def __init__(self, annotations: StrPath, *, images: StrPath) -> None:
        super().__init__(annotations, images, COCO, _reading)


def _reading(document: dict[str, Any], path: str) -> ReadRow:
    del document
    seen: set[int] = set()

    def read(image: Any, numbered: Numbered) -> tuple[list[Caption], SourceError | None]:
        del image
        return as_captions([_caption(number, one, seen, path) for number, one in numbered], path=path), None

    return read


def _caption(place: int, annotation: dict[str, Any], seen: set[int], path: str) -> object:
    number = annotation.get("id", place)
    if not isinstance(number, int) or number in seen:
        reason = f"annotation id {number!r} occurs twice or is no integer; number the annotations afresh"
        return CaptionError(reason, path=path)
    seen.add(number)
    if "caption" not in annotation:
        return CaptionError(f"annotation id {number} has no 'caption'; give it one, or remove it", path=path)
    return annotation["caption"]
