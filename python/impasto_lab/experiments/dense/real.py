"""COCO's or VOC's own folders in the rendered world's place."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from impasto.errors import SourceError
from impasto.sources import CocoInstances, PascalVoc

#: A split as the experiment calls it: what both data sets call val is tested on, since their tests have no labels.
Part = Literal["train", "test"]
_NAMES: dict[Part, str] = {"train": "train", "test": "val"}


def open_real(folder: str | Path, part: Part, *, maps: bool, images: Path | None = None) -> CocoInstances | PascalVoc:
    """A split of a data set with boxes and masks.

    Args:
        folder: COCO's, with ``annotations/instances_train2017.json`` and ``train2017/`` (any year), or VOC's, with
            ``JPEGImages`` or ``VOCdevkit/VOC2012``; ``classes.txt`` in it names others than VOC's classes.
        part: Which.
        maps: Whether VOC's images with segmentation are meant, of which there are fewer.
        images: The images' folder, instead of the data set's own.

    Raises:
        SourceError: If neither is there, or both a split and its images are not.
    """
    root, name = Path(folder), _NAMES[part]
    for voc in (root, *sorted(root.glob("VOCdevkit/VOC*"))[::-1]):
        if (voc / "JPEGImages").is_dir():
            listed = voc / "classes.txt"
            classes = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else None
            return PascalVoc(voc, split=f"Segmentation/{name}" if maps else name, classes=classes, images=images)
    files = sorted((root / "annotations").glob(f"instances_{name}*.json"))
    if not files:
        reason = (
            f"neither annotations/instances_{name}2017.json nor JPEGImages is there; give the folder that COCO "
            "(cocodataset.org) or VOC (host.robots.ox.ac.uk/pascal/VOC) was unpacked in"
        )
        raise SourceError(reason, path=str(root))
    year = files[-1].stem.removeprefix("instances_")
    return CocoInstances(files[-1], images=images or root / year)


def file_name(data: CocoInstances | PascalVoc, row: int) -> str:
    """What a row's image is called below the folder of images."""
    return str(data.facts(row).get("file_name", f"{data.key(row)}.jpg"))
