"""Visual Genome and lists of URLs: what is there is read, what is missing is counted, what is wrong is named."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import impasto
from impasto.errors import RecipeError, SourceError
from impasto.sources import VisualGenome, WebCaptions, present

REGIONS = [
    {"id": 7, "regions": [{"region_id": 1, "phrase": "a red mug", "x": 1, "y": 2, "width": 3, "height": 4}]},
    {"id": 8, "regions": [{"region_id": 2, "phrase": "a"}, {"region_id": 3, "phrase": "b"}]},
    {"id": 9, "regions": []},
]


@pytest.fixture
def genome(images: Path, jpeg: bytes) -> Path:
    for name in ("VG_100K/7.jpg", "VG_100K_2/8.jpg"):
        (images / name).parent.mkdir(exist_ok=True)
        (images / name).write_bytes(jpeg)
    return images


def test_regions_are_captions_of_their_image(write_json, genome, rows_of, faults):
    source = pickle.loads(pickle.dumps(VisualGenome(write_json(REGIONS), images=genome)))
    assert rows_of(source, genome) == [
        ("7", "VG_100K/7.jpg", ["a red mug"], None),
        ("8", "VG_100K_2/8.jpg", ["a", "b"], None),
        ("9", "9.jpg", [], None),
    ]
    assert source.facts(0) == {**REGIONS[0], "captions": ["a red mug"]}
    spoiled = VisualGenome(write_json([*REGIONS[:1], REGIONS[0], {"regions": [{"phrase": 3}]}, 5]), images=genome)
    assert faults(spoiled).keys() == {"7", "entry 2", "entry 3"}
    opened = impasto.sources.open(write_json(REGIONS))
    assert isinstance(opened, VisualGenome)
    with pytest.raises(SourceError, match="Visual Genome file: use VisualGenome"):
        impasto.sources.CocoCaptions(write_json(REGIONS), images=genome)
    with pytest.raises(SourceError, match="use AlbefCaptions"):
        VisualGenome(write_json([{"image": "7.jpg", "caption": "a"}]), images=genome)


URLS = [f"https://a.invalid/x/photo{row}.jpg?w=3" for row in range(5)]


@pytest.mark.parametrize(
    ("pattern", "name"), [("photo{row}.jpg", None), ("{row:08d}.jpg", None), ("{row:03d}.jpeg", "{row:03d}.jpeg")]
)
def test_files_are_called_as_scripts_call_them(tmp_path, images, jpeg, pattern, name):
    path = tmp_path / "Train_GCC-training.tsv"
    path.write_text("".join(f'a "caption" {row}\t{url}\n' for row, url in enumerate(URLS)))
    for row in (1, 2, 3):
        (images / pattern.format(row=row)).write_bytes(jpeg)
    source = WebCaptions(path, images=images, name=name)
    assert source.keys[3] == pattern.format(row=3)
    assert source.facts(3) == {"row": 3, "captions": ['a "caption" 3']}
    there = present(source)
    assert [there[row].captions[0] for row in range(len(there))] == [f'a "caption" {row}' for row in (1, 2, 3)]
    assert there.left_out == {"missing images": 2}
    assert "2 missing images" in repr(there)
    # All that is left can be loaded, and nothing else is asked for.
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=impasto.TextRecipe(tokenizer=None))
    batch = next(iter(impasto.Loader(there, recipe, batch_size=3, workers=0)))
    assert sorted(batch.keys) == [pattern.format(row=row) for row in (1, 2, 3)]
    with pytest.raises(SourceError, match=r"2 of 5 images are not there, such as .*, of .*images=.*missing=0.40"):
        present(source, missing=0.3)


def test_what_is_wrong_with_a_list_is_named(tmp_path, images, jpeg, faults):
    (images / "0.jpg").write_bytes(jpeg)
    path = tmp_path / "list.tsv"
    path.write_text("caption\turl\none\thttp://a.invalid/0.jpg\nhalf a line\n")
    why = "SourceError: pair 1 can't be read: it has 1 columns, the list 2; mend it"
    assert faults(WebCaptions(path, images=images)) == {"1": why}
    (images / "0.jpg").rename(images / "4.jpg")
    for text, says in (
        ("one\ttwo\nthree\tfour\n", "none of its first 2 lines is a caption and URL"),
        ("one\thttp://a.invalid/9.png\n", "none of its first images .*name="),
    ):
        path.write_text(text)
        with pytest.raises(SourceError, match=says):
            WebCaptions(path, images=images)
    path.write_text("one\thttp://a.invalid/4.jpg\n")
    with pytest.raises(RecipeError, match=r"a pattern of \{row\}"):
        WebCaptions(path, images=images, name="{number}")
    path.write_text("")
    with pytest.raises(SourceError, match="empty"):
        WebCaptions(path, images=images, name="{row}.jpg")
    short = tmp_path / "sbu.json"
    short.write_text(json.dumps({"image_urls": URLS, "captions": ["one"]}))
    with pytest.raises(SourceError, match="5 URLs and 1 captions"):
        WebCaptions(short, images=images)


def test_a_parquet_list_without_captions_says_what_is_there(tmp_path, images):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"url": URLS, "foo": URLS}), tmp_path / "laion.parquet")
    with pytest.raises(SourceError, match=r"no columns of URLs and captions .*'url', 'foo'"):
        WebCaptions(tmp_path / "laion.parquet", images=images)


def test_what_else_is_wrong_stays_where_images_are_missing(tmp_path, images, jpeg):
    path = tmp_path / "list.tsv"
    path.write_text(f"one\t{URLS[0]}\nhalf a line\nthree\t{URLS[2]}\n")
    (images / "photo0.jpg").write_bytes(jpeg)
    there = present(WebCaptions(path, images=images))
    assert len(there) == 2 and there.left_out == {"missing images": 1}
    assert "pair 1 can't be read" in str(there[1].fault)
    (images / "photo0.txt").write_text("one")
    (images / "moving.gif").write_bytes(b"GIF89a")
    beside = impasto.sources.ImageTextFolder(images)
    assert beside.left_out and present(beside).left_out == beside.left_out


def test_images_inside_of_files_are_all_there(jpeg, write_json, images):
    memory = impasto.sources.Sequence([(jpeg, "a")])
    assert present(memory) is memory
    listed = impasto.sources.AlbefCaptions(
        write_json([{"image": f"{n}.jpg", "caption": "x"} for n in range(4)]), images=images
    )
    (images / "2.jpg").write_bytes(jpeg)
    assert list(present(listed, missing=0.75).keys) == ["2.jpg"]
    assert np.array_equal(present(listed, missing=0.75).parts(np.array([0]))[0].rows, [2])
