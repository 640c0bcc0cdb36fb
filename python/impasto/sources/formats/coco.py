"""COCO captions: ``captions_train2017.json`` and its like."""

import os
from typing import Any

from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, read_json, require_folder
from impasto.sources.reading.json_kind import COCO, require_kind


class CocoCaptions(IndexedSource):
    """Images and captions of a COCO captions file (Lin et al. 2014, Chen et al. 2015).

    One row is one image, in the order of the file, with all its captions, in the order of their annotation ids. The
    row's key is the image id. An image without annotations stays as a row without captions.

    Args:
        annotations: The JSON file: ``{"images": [{"id", "file_name"}], "annotations": [{"id", "image_id",
            "caption"}]}``.
        images: The folder that the file names are relative to. A missing image is found when it is read, or by
            ``impasto info``.

    Raises:
        SourceError: The file is missing, malformed, of another format or empty; an id occurs twice; an annotation
            names an unknown image; there is no such folder.
        CaptionError: A caption is not a string.
    """

    def __init__(self, annotations: StrPath, *, images: StrPath) -> None:
        root = require_folder(images)
        path = os.fspath(annotations)
        document = read_json(path)
        require_kind(document, COCO, path)
        captions = _captions_by_image(document, path)
        if not document["images"]:
            raise SourceError("the data set is empty: 'images' has no entries; check the path", path=path)
        builder = IndexBuilder(root)
        for image in document["images"]:
            key = str(image["id"])
            numbered = captions[image["id"]]
            numbered.sort(key=lambda pair: pair[0])
            texts = as_captions([caption for _, caption in numbered], key=key, path=path)
            builder.add_file(key, image["file_name"], texts)
        super().__init__(builder.finish(), f"{path!r}, images={os.fspath(images)!r}")


def _captions_by_image(document: dict[str, Any], path: str) -> dict[int | str, list[tuple[int, Any]]]:
    captions: dict[int | str, list[tuple[int, Any]]] = {}
    for place, image in enumerate(document["images"]):
        if not isinstance(image, dict) or not isinstance(image.get("id"), (int, str)):
            raise SourceError(f"images[{place}] has no 'id'; give each image one", path=path)
        if not isinstance(image.get("file_name"), str) or not image["file_name"]:
            reason = f"image id {image['id']} has no 'file_name'; give it one"
            raise SourceError(reason, key=str(image["id"]), path=path)
        if image["id"] in captions:
            reason = f"image id {image['id']} occurs twice; give each image an id of its own"
            raise SourceError(reason, key=str(image["id"]), path=path)
        captions[image["id"]] = []
    seen: set[int] = set()
    for place, annotation in enumerate(document["annotations"]):
        if not isinstance(annotation, dict) or "caption" not in annotation or "image_id" not in annotation:
            raise SourceError(f"annotations[{place}] lacks 'image_id' or 'caption'; give it both", path=path)
        number = annotation.get("id", place)
        if not isinstance(number, int) or number in seen:
            reason = f"annotation id {number!r} occurs twice or is no integer; number the annotations afresh"
            raise SourceError(reason, path=path)
        seen.add(number)
        image_id = annotation["image_id"]
        if not isinstance(image_id, (int, str)) or image_id not in captions:
            reason = f"annotation id {number} names image id {image_id!r}, which is not in 'images'; add or remove it"
            raise SourceError(reason, key=str(image_id), path=path)
        captions[image_id].append((number, annotation["caption"]))
    return captions
