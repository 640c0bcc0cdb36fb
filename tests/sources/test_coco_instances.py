"""COCO instances: boxes, categories and masks are what pycocotools makes of the file; what is wrong says where."""

from __future__ import annotations

import json
import pickle
import re
from contextlib import redirect_stdout, suppress
from io import StringIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as runs
from pycocotools.coco import COCO

from impasto.errors import SourceError
from impasto.sources import VOID, CocoCaptions, CocoInstances, Masks
from impasto.sources import open as open_source

# pycocotools 2.0.11 with numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

HEIGHT, WIDTH = 24, 30
IMAGES = [
    {"id": 9, "file_name": "nine.jpg", "height": HEIGHT, "width": WIDTH},
    {"id": 4, "file_name": "4.jpg", "height": HEIGHT, "width": WIDTH},
]
CATEGORIES = [{"id": 90, "name": "brush"}, {"id": 3, "name": "car"}]
CROWD = {"size": [HEIGHT, WIDTH], "counts": [100, 50, 400, 20, 150]}
TRIANGLES = [[2, 3, 20.5, 4, 9, 18.2], [22, 2, 29, 2, 29, 9]]


def _annotation(number: int, **more: Any) -> dict[str, Any]:
    box = {"id": number, "image_id": 9, "category_id": 3, "bbox": [2, 3, 10.5, 4], "iscrowd": 0}
    return {**box, "segmentation": TRIANGLES, **more}


ANNOTATIONS = [
    _annotation(7, category_id=90),
    _annotation(5, iscrowd=1, segmentation=CROWD, bbox=[0, 0, 30, 24]),
    _annotation(6, segmentation=[[5, 5, 9, 5, 9, 9, 5, 9]]),
]


def _document(**parts: Any) -> dict[str, Any]:
    return {"images": IMAGES, "annotations": ANNOTATIONS, "categories": CATEGORIES, **parts}


def test_facts_are_what_pycocotools_reads(write_json, images):
    path = write_json(_document())
    source = pickle.loads(pickle.dumps(CocoInstances(path, images=images)))
    assert source.classes == ["car", "brush"] and list(source.keys) == ["9", "4"]
    with redirect_stdout(StringIO()):
        coco = COCO(str(path))
    theirs = coco.loadAnns(sorted(coco.getAnnIds(imgIds=[9])))
    facts = source[0].facts
    assert [one["id"] for one in facts["annotations"]] == [5, 6, 7]
    np.testing.assert_array_equal(facts["boxes"][:, :2], [one["bbox"][:2] for one in theirs])
    np.testing.assert_array_equal(facts["boxes"][:, 2:] - facts["boxes"][:, :2], [one["bbox"][2:] for one in theirs])
    assert [source.category_ids[place] for place in facts["categories"]] == [one["category_id"] for one in theirs]
    assert facts["crowd"].tolist() == [True, False, False]
    np.testing.assert_array_equal(facts["masks"].pixels(), [coco.annToMask(one) for one in theirs])
    assert source.facts(1)["boxes"].shape == (0, 4) and source.facts(1)["masks"].pixels().shape == (0, HEIGHT, WIDTH)


def test_the_smaller_lies_above_and_crowds_are_void(write_json, images):
    facts = CocoInstances(write_json(_document()), images=images).facts(0)
    crowd, small, large = facts["masks"].pixels()
    drawn = facts["segmentation"].pixels()
    assert small.sum() < large.sum() and (small & large).any() and (crowd & large).any()
    assert (drawn[small] == 1).all() and (drawn[large & ~small] == 2).all()
    assert (drawn[crowd & ~large & ~small] == VOID).all() and not drawn[~(crowd | small | large)].any()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.5, 0.97]))
def test_run_lengths_are_what_pycocotools_wrote(height, width, seed, share):
    mask = np.random.default_rng(seed).random((height, width)) < share
    written = runs.encode(np.asfortranarray(mask.astype(np.uint8)))
    as_json = {"size": written["size"], "counts": written["counts"].decode()}
    np.testing.assert_array_equal(Masks([written, as_json], height, width).pixels(), [mask, mask])


@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), min_size=1, max_size=12))
def test_no_text_draws_beyond_the_image(counts):
    masks = Masks([{"size": [4, 4], "counts": counts}], 4, 4)
    with suppress(SourceError):
        assert runs.area({"size": [4, 4], "counts": counts.encode()}) == masks.pixels().sum()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"bbox": [1, 2, -3, 4]}, r"annotation id 8 .* has the bbox \[1, 2, -3, 4\]"),
        ({"bbox": None}, "has the bbox None"),
        ({"bbox": [1, 2, 3, float("nan")]}, "has the bbox"),
        ({"category_id": 4}, "category_id 4 .* which 'categories' lacks"),
        ({"category_id": [3]}, "category_id"),
    ],
)
def test_a_bad_annotation_is_a_bad_row(write_json, images, faults, wrong, says):
    source = CocoInstances(write_json(_document(annotations=[_annotation(8, **wrong), *ANNOTATIONS])), images=images)
    found = faults(source)
    assert list(found) == ["9"] and re.search(says, found["9"])


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [HEIGHT, WIDTH], "counts": [1, 2]},
        {"size": [2, 2], "counts": [4]},
        {"size": [HEIGHT, WIDTH]},
        {"size": [HEIGHT, WIDTH], "counts": [-1, HEIGHT * WIDTH + 1]},
        [["a", 1, 2, 3, 4, 5]],
        [3],
        "text",
    ],
)
def test_a_mask_that_cannot_be_drawn_says_so(segmentation):
    with pytest.raises(SourceError, match="segmentation 1 can't be drawn") as caught:
        Masks([None, segmentation], HEIGHT, WIDTH, "a.json").pixels()
    assert caught.value.path == "a.json"


def test_a_file_is_told_from_its_content(write_json, images, tmp_path):
    path = write_json(_document())
    assert isinstance(open_source(path, images=images), CocoInstances)
    with pytest.raises(SourceError, match="boxes: use CocoInstances, or the file that holds captions"):
        CocoCaptions(path, images=images)
    captions = [{"id": 1, "image_id": 9, "caption": "x"}]
    with pytest.raises(SourceError, match="a COCO captions file: use CocoCaptions"):
        CocoInstances(write_json(_document(annotations=captions)), images=images)
    with pytest.raises(SourceError, match="'categories' must list"):
        CocoInstances(write_json(_document(categories=[{"id": 3}])), images=images)
    nothing = CocoInstances(write_json(_document(annotations=[])), images=images)
    assert len(nothing) == 2 and json.dumps(nothing.classes) == '["car", "brush"]'
