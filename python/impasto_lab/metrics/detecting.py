"""Detection: average precision, as COCO's evaluation has it."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from impasto.checks import choice, require

#: Who counts: COCO's own code, or its live successor, five times as fast.
Counter = Literal["pycocotools", "faster_coco_eval"]
_NAMES = ("mAP", "AP50", "AP75", "AP small", "AP medium", "AP large")


class Found(NamedTuple):
    """What was found in an image.

    Attributes:
        boxes: [N, 4]: left, top, right, bottom.
        labels: [N] whole numbers.
        scores: [N]: how sure it is; only their order counts.
    """

    boxes: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    scores: npt.NDArray[Any]


class Truth(NamedTuple):
    """What an image shows.

    Attributes:
        boxes: [N, 4]: left, top, right, bottom.
        labels: [N] whole numbers.
        crowd: [N] bool, or None: crowds, which no detection is wrong to lie in.
    """

    boxes: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    crowd: npt.NDArray[np.bool_] | None = None


def average_precision(
    found: Sequence[Found], truth: Sequence[Truth], *, counter: Counter = "pycocotools"
) -> dict[str, float]:
    """Average precision over classes, images and thresholds (Lin et al. 2014), in per cent.

    Args:
        found: Of each image.
        truth: Of the same images.
        counter: Who counts; both agree.

    Returns:
        ``mAP`` (mean over the thresholds 0.5 to 0.95), ``AP50``, ``AP75``, and ``AP small``, ``AP medium``,
        ``AP large`` by the area of things; NaN where there is none.

    Raises:
        RecipeError: If the numbers of images differ.
    """
    choice("counter", counter, ("pycocotools", "faster_coco_eval"))
    require(len(found) == len(truth), f"{len(found)} images were looked at, {len(truth)} are known")
    annotations = [
        {
            "id": 0,
            "image_id": image,
            "category_id": int(label),
            "bbox": _sides(box),
            "area": float((box[2] - box[0]) * (box[3] - box[1])),
            "iscrowd": int(bool(crowd)),
        }
        for image, one in enumerate(truth)
        for box, label, crowd in zip(one.boxes, one.labels, _crowds(one), strict=True)
    ]
    annotations = [{**one, "id": number} for number, one in enumerate(annotations, start=1)]
    results = [
        {"image_id": image, "category_id": int(label), "bbox": _sides(box), "score": float(score)}
        for image, one in enumerate(found)
        for box, label, score in zip(one.boxes, one.labels, one.scores, strict=True)
    ]
    if not annotations:
        return dict.fromkeys(_NAMES, float("nan"))
    if not results:
        # COCO's code takes no empty list: what isn't found has a precision of 0.
        results = [{**annotations[0], "score": 0.0, "bbox": [-2.0, -2.0, 1.0, 1.0]}]
        results = [{name: results[0][name] for name in ("image_id", "category_id", "bbox", "score")}]
    return _counted(counter, annotations, results, images=len(truth))


def _counted(
    counter: Counter, annotations: list[dict[str, Any]], results: list[dict[str, Any]], *, images: int
) -> dict[str, float]:
    if counter == "pycocotools":
        coco, evaluation = "pycocotools.coco.COCO", "pycocotools.cocoeval.COCOeval"
    else:
        coco, evaluation = "faster_coco_eval.COCO", "faster_coco_eval.COCOeval_faster"
    classes = sorted({one["category_id"] for one in annotations})
    with redirect_stdout(StringIO()):
        known = _named(coco)()
        known.dataset = {
            "info": {},
            "images": [{"id": image} for image in range(images)],
            "annotations": annotations,
            "categories": [{"id": number, "name": str(number)} for number in classes],
        }
        known.createIndex()
        run = _named(evaluation)(known, known.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    values = [100 * float(value) if value >= 0 else float("nan") for value in run.stats[: len(_NAMES)]]
    return dict(zip(_NAMES, values, strict=True))


def _named(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _sides(box: npt.NDArray[Any]) -> list[float]:
    left, top, right, bottom = (float(value) for value in box)
    return [left, top, right - left, bottom - top]


def _crowds(one: Truth) -> Sequence[Any]:
    return [False] * len(one.boxes) if one.crowd is None else list(one.crowd)
