"""A folder of the papers' data, small: a world's files, laid out as docs/reproducing.md says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from impasto_lab.worlds import scenes, write_world
from impasto_lab.worlds.language.world import FORMATS, told


def lay_out(place: Path) -> Path:
    """Renders a world, and puts its files where those of the papers' sets lie.

    Args:
        place: An empty folder.

    Returns:
        The folder of the data, in ``place``.
    """
    size = scenes.Size(56, side=40, held=8)
    made = told(scenes.samples(size=size, seed=3), seed=3)
    world = write_world(
        place / "world", made, name="scenes", total=56, formats=(*FORMATS, "visual_genome", "web")
    )
    data = place / "data"
    shutil.copytree(world.images, data / "train2014")
    karpathy = json.loads(world.karpathy.read_text())
    shutil.copy(world.karpathy, data / "flickr30k.json")
    next(one for one in karpathy["images"] if one["split"] == "train")["split"] = "restval"
    (data / "coco.json").write_text(json.dumps(karpathy))
    shutil.copytree(world.root / "visual_genome" / "train", data / "genome")
    shutil.move(data / "genome" / "region_descriptions.json", data / "vg.json")
    shutil.copy(world.root / "web" / "sbu_train.json", data / "sbu.json")
    shutil.copy(world.root / "web" / "cc3m_train.tsv", data / "cc3m.tsv")
    shutil.copytree(world.root / "annotations", data / "annotations")
    (data / "annotations" / "snli_ve_val.jsonl").rename(data / "annotations" / "snli_ve_dev.jsonl")
    for folder in ("nlvr2", "refcoco+"):
        shutil.copytree(world.root / folder, data / folder)
    shutil.rmtree(world.root)
    return data
