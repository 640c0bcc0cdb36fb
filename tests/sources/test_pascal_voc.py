"""Pascal VOC: boxes from XML, maps from PNGs, splits from lists."""

from __future__ import annotations

import pickle
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
from torchvision.datasets import VOCDetection, VOCSegmentation

from impasto.errors import SourceError
from impasto.sources import PascalVoc
from impasto.sources import open as open_source

OBJECT = """<object><name>{name}</name><truncated>1</truncated><difficult>{difficult}</difficult>
<bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox>
<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part></object>"""


def _xml(*objects: str) -> str:
    return f"<annotation><filename>x.jpg</filename>{''.join(objects)}</annotation>"


@pytest.fixture
def voc(tmp_path, jpeg):
    """Laid out so that torchvision reads it too."""
    root = tmp_path / "VOCdevkit" / "VOC2012"
    for folder in ("JPEGImages", "Annotations", "ImageSets/Main", "ImageSets/Segmentation", "SegmentationClass"):
        (root / folder).mkdir(parents=True)
    for name in ("2008_000001", "2008_000002"):
        (root / "JPEGImages" / f"{name}.jpg").write_bytes(jpeg)
    dog = OBJECT.format(1, 1, 20, 10, name="dog", difficult=0)
    chair = OBJECT.format("3.0", 4, 5, 6, name=" chair ", difficult=1)
    (root / "Annotations" / "2008_000001.xml").write_text(_xml(dog, chair))
    (root / "Annotations" / "2008_000002.xml").write_text(_xml())
    (root / "ImageSets/Main/train.txt").write_text("2008_000002\n2008_000001\n")
    (root / "ImageSets/Main/dog_train.txt").write_text("2008_000001  1\n2008_000002 -1\n")
    (root / "ImageSets/Segmentation/val.txt").write_text("2008_000001\n")
    drawn = PIL.Image.fromarray(np.array([[0, 12], [255, 9]], np.uint8), "L")
    drawn.putpalette(list(range(256)) * 3)
    drawn.save(root / "SegmentationClass" / "2008_000001.png")
    return root


def test_rows_are_those_of_a_split(voc, tmp_path):
    source = pickle.loads(pickle.dumps(PascalVoc(voc, split="train")))
    assert list(source.keys) == ["2008_000002", "2008_000001"]
    facts = source[1].facts
    # From pixels counted from 1 to places between them: the first box is the whole image, of 20 x 10 pixels.
    assert facts["boxes"].tolist() == [[0, 0, 20, 10], [2, 3, 5, 6]]
    assert [source.classes[place] for place in facts["categories"]] == ["dog", "chair"]
    assert facts["difficult"].tolist() == [False, True] and facts["truncated"].tolist() == [True, True]
    assert source.facts(0)["boxes"].shape == (0, 4) and "segmentation" not in source.facts(0)
    theirs = VOCDetection(tmp_path, year="2012", image_set="train")[1][1]["annotation"]["object"]
    assert [one["name"].strip() for one in theirs] == ["dog", "chair"]
    assert list(PascalVoc(voc, split="Segmentation/val").keys) == ["2008_000001"]
    assert isinstance(open_source(voc), PascalVoc) and len(open_source(voc)) == 2


def test_maps_are_the_places_in_the_palette(voc, tmp_path):
    drawn = PascalVoc(voc, split="Segmentation/val").facts(0)["segmentation"].pixels()
    theirs = VOCSegmentation(tmp_path, year="2012", image_set="val")[0][1]
    np.testing.assert_array_equal(drawn, np.asarray(theirs))
    assert drawn.tolist() == [[0, 12], [255, 9]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<annotation><object>", "the XML can't be read"),
        (_xml(OBJECT.format(1, 1, 2, 2, name="unicorn", difficult=0)), "the class 'unicorn' .*classes="),
        (_xml(OBJECT.format(9, 1, 2, 2, name="dog", difficult=0)), "object 0 has the box"),
        (_xml(OBJECT.format("a", 1, 2, 2, name="dog", difficult=0)), "object 0 has the box"),
        (_xml("<object><name>dog</name></object>"), "object 0 has the box"),
    ],
)
def test_a_bad_annotation_is_a_bad_row(voc, text, says):
    (voc / "Annotations" / "2008_000002.xml").write_text(text)
    source = PascalVoc(voc, split="train")
    fault = source[0].fault
    with pytest.raises(SourceError, match=says):
        raise fault
    assert fault.path.endswith("2008_000002.xml") and source[1].fault is None


def test_what_is_missing_is_named(voc):
    with pytest.raises(SourceError, match=r"no such split; there are: Main/train, Segmentation/val"):
        PascalVoc(voc, split="test")
    with pytest.raises(SourceError, match="more than a name"):
        PascalVoc(voc, split="dog_train")
    (voc / "ImageSets/Main/train.txt").write_text("2008_000003\n")
    assert "2008_000003.xml" in PascalVoc(voc, split="train")[0].fault.path
    for damaged in (b"\x89PNG\r\n\x1a\n", _header(20_000, 20_000)):
        (voc / "SegmentationClass" / "2008_000001.png").write_bytes(damaged)
        with pytest.raises(SourceError, match="the map can't be read"):
            PascalVoc(voc, split="Segmentation/val").facts(0)["segmentation"].pixels()
    PIL.Image.new("RGB", (2, 2)).save(voc / "SegmentationClass" / "2008_000001.png")
    with pytest.raises(SourceError, match="this image is RGB; save it with a palette"):
        PascalVoc(voc, split="Segmentation/val").facts(0)["segmentation"].pixels()


def _header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and that pixels follow."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    head = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 9) + b"IDAT"
