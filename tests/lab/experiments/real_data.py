"""A folder of the papers' data, small: a world's files, laid out as docs/reproducing.md says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from impasto_lab.worlds import scenes, write_world
from impasto_lab.worlds.language.world import FORMATS, told

#: Flickr30K's test has fewer images than COCO's, by so many.
FEWER = 3
#: What all images' names begin with.
_ZEROS = "00000000"


def lay_out(place: Path) -> Path:
    """Renders a world, and puts its files where those of the papers' sets lie.

    Args:
        place: An empty folder.

    Returns:
        The folder of the data, in ``place``.
    """
    size = scenes.Size(56, side=40, held=8)
    made = told(scenes.samples(size=size, seed=3), seed=3)
    world = write_world(place / "world", made, name="scenes", total=56, formats=(*FORMATS, "visual_genome", "web"))
    data = place / "data"
    for folder in ("train2014", "val2014", "test2014"):
        shutil.copytree(world.images, data / folder)
    karpathy = json.loads(world.karpathy.read_text())
    for one in karpathy["images"]:
        one["filepath"] = "train2014"
    karpathy["images"][0]["split"] = "restval"
    (data / "coco.json").write_text(json.dumps(karpathy))
    shutil.copytree(world.root / "annotations", data / "annotations")
    (data / "annotations" / "snli_ve_val.jsonl").rename(data / "annotations" / "snli_ve_dev.jsonl")
    # Flickr30K's and the web's images have names of their own.
    for number, folder in (("1", "flickr30k-images"), ("2", "web-images")):
        (data / folder).mkdir()
        for image in world.images.iterdir():
            shutil.copy(image, data / folder / image.name.replace(_ZEROS, number + _ZEROS[1:]))
    flickr = json.loads(_renamed(world.karpathy, "1"))
    flickr["images"] = flickr["images"][:-FEWER]  # the last are the test's
    (data / "flickr30k.json").write_text(json.dumps(flickr))
    for lines in (data / "annotations").glob("snli_ve_*.jsonl"):
        lines.write_text(_renamed(lines, "1"))
    for name in ("sbu.json", "cc3m.tsv"):
        (data / name).write_text(_renamed(world.root / "web" / name.replace(".", "_train."), "2"))
    shutil.copytree(world.root / "visual_genome" / "train", data / "genome")
    shutil.move(data / "genome" / "region_descriptions.json", data / "vg.json")
    for folder in ("nlvr2", "refcoco+"):
        shutil.copytree(world.root / folder, data / folder)
    shutil.rmtree(world.root)
    return data


def _renamed(file: Path, number: str) -> str:
    return file.read_text().replace(_ZEROS, number + _ZEROS[1:])
