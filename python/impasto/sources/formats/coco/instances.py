"""COCO instances: ``instances_train2017.json`` and its like."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from impasto.checks import is_count, is_number
from impasto.errors import SourceError
from impasto.sources.formats.coco.rows import CocoRows, Numbered, ReadRow
from impasto.sources.masks import Masks, ThingsMap
from impasto.sources.reading.captions import Caption
from impasto.sources.reading.files import StrPath
from impasto.sources.reading.json_kind import COCO_INSTANCES
from impasto.sources.reading.showing import show


class CocoInstances(CocoRows):
    """Images with boxes and masks of a COCO instances file (Lin et al. 2014); keypoints' files have them too.

    One row is one image, in the order of the file; its key is the image id. Rows have no captions. A row's facts are
    its entry in ``images``, and of its N annotations, in the order of their ids:

    - ``boxes``, [N, 4] float64: left, top, right, bottom, in pixels, as they stand, even where they leave the image;
    - ``categories``, [N] int64: places in ``classes``;
    - ``crowd``, [N] bool: whether it is a crowd, drawn as one;
    - ``masks``: a `Masks`, drawn when asked for by ``masks.pixels()``;
    - ``segmentation``: a `ThingsMap`, which class each pixel is of, likewise;
    - ``annotations``: as they stand.

    ``Loader(fields=("boxes", "categories"))`` carries them along, and `impasto.loading.targets` takes them through what
    was drawn.

    Args:
        annotations: The JSON file: ``{"images": [{"id", "file_name", "width", "height"}], "annotations": [{"id",
            "image_id", "category_id", "bbox": [left, top, width, height], "segmentation", "iscrowd"}], "categories":
            [{"id", "name"}]}``.
        images: The folder that the file names are relative to.

    Attributes:
        classes: Names of the categories, in the order of their ids.
        category_ids: Their ids in the file; COCO's 80 lie in 1..90.

    Raises:
        SourceError: The file is missing, malformed, of another format or empty, or its categories are; there is no
            such folder.
    """

    def __init__(self, annotations: StrPath, *, images: StrPath) -> None:
        self.classes: list[str] = []
        self.category_ids: list[int] = []
        super().__init__(annotations, images, COCO_INSTANCES, self._reading)
        self._places = {number: place for place, number in enumerate(self.category_ids)}
        self._path = str(annotations)

    def _reading(self, document: dict[str, Any], path: str) -> ReadRow:
        categories = document.get("categories")
        named = isinstance(categories, list) and all(isinstance(one, dict) for one in categories)
        pairs = [(one.get("id"), one.get("name")) for one in categories] if named else []  # type: ignore[union-attr]
        whole = all(is_count(number) and isinstance(name, str) for number, name in pairs)
        if not pairs or not whole or len({number for number, _ in pairs}) < len(pairs):
            reason = "'categories' must list each category's 'id' and 'name' once; take them from the original file"
            raise SourceError(reason, path=path)
        ordered = sorted(pairs)
        self.category_ids = [number for number, _ in ordered]
        self.classes = [name for _, name in ordered]
        known = set(self.category_ids)

        def read(image: Any, numbered: Numbered) -> tuple[list[Caption], SourceError | None]:
            wrong = _wrong_sides(image) if isinstance(image, dict) else None
            wrongs = (wrong, *(_wrong(number, one, known) for number, one in numbered))
            reason = next((one for one in wrongs if one), None)
            return [], SourceError(reason, path=path) if reason else None

        return read

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        facts = super()._own_facts(row)
        if self._index.fault(row) is not None:
            return facts
        annotations = facts["annotations"]
        sizes = np.array([one["bbox"] for one in annotations], np.float64).reshape(-1, 4)
        categories = np.array([self._places[one["category_id"]] for one in annotations], np.int64)
        crowd = np.array([bool(one.get("iscrowd", 0)) for one in annotations], np.bool_)
        drawn = [one.get("segmentation") for one in annotations]
        masks = Masks(drawn, int(facts["height"]), int(facts["width"]), self._path)
        return {
            **facts,
            "boxes": np.concatenate([sizes[:, :2], sizes[:, :2] + sizes[:, 2:]], axis=1),
            "categories": categories,
            "crowd": crowd,
            "masks": masks,
            "segmentation": ThingsMap(masks, categories, crowd),
        }


def _wrong_sides(image: dict[str, Any]) -> str | None:
    sides = (image.get("width"), image.get("height"))
    if all(is_count(side) and side > 0 for side in sides):  # type: ignore[operator]
        return None
    return f"image id {image.get('id')!r} has width and height {sides}; give it the pixels of its file"


def _wrong(place: int, annotation: dict[str, Any], known: set[int]) -> str | None:
    """What is wrong with an annotation."""
    where = f"annotation id {show(annotation.get('id', f'annotations[{place}]'))}"
    box = annotation.get("bbox")
    numbers = isinstance(box, list) and len(box) == 4 and all(is_number(value) for value in box)
    if not numbers or not np.isfinite(box).all() or min(box[2:]) < 0:  # type: ignore[arg-type,index]
        return f"{where} has the bbox {show(box)}, not [left, top, width, height]; repair it, or remove it"
    category = annotation.get("category_id")
    if not is_count(category) or category not in known:
        return f"{where} has the category_id {show(category)}, which 'categories' lacks; add it there, or remove it"
    return None
