"""A path is enough: the format is told from the content, the images are looked for near the file."""

import gzip
import json
from pathlib import Path

import fsspec
import pytest
from PIL import Image

from impasto import sources
from impasto.cli import main
from impasto.errors import RecipeError, SourceError

NAMES = ["1.jpg", "2.jpg", "3.jpg"]


@pytest.fixture
def put(tmp_path):
    def put(*folders, names=NAMES):
        for folder in folders:
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            for name in names:
                (tmp_path / folder / name).touch()

    return put


def annotate(path, names=NAMES):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"image": name, "caption": "x"} for name in names]))
    return path


@pytest.mark.parametrize(
    ("file", "folder"),
    [("a.json", "."), ("a.json", "images"), ("annotations/a.json", "train2017"), ("annotations/a.json", ".")],
)
def test_images_are_found_near_the_file(tmp_path, put, file, folder):
    put(folder)
    source = sources.open(annotate(tmp_path / file))
    assert isinstance(source, sources.AlbefCaptions)
    assert Path(source.index.path(0)) == tmp_path / folder / "1.jpg"


def test_the_images_of_another_data_set_are_not_taken(tmp_path, put):
    put("other", "other/images")
    with pytest.raises(SourceError, match=r"'1.jpg', were not found in .*mine.*--images") as caught:
        sources.open(annotate(tmp_path / "mine" / "a.json"))
    assert str(tmp_path / "other") not in str(caught.value)
    put("mine/b", "mine/c", "mine/.hidden")
    with pytest.raises(SourceError, match=r"mine/b, .*mine/c all hold its images; name their folder"):
        sources.open(tmp_path / "mine" / "a.json")
    put("mine/c", names=["4.jpg"])
    source = sources.open(annotate(tmp_path / "mine" / "a.json", [*NAMES, "4.jpg"]))
    assert source.index.path(0) == str(tmp_path / "mine" / "c" / "1.jpg")
    assert sources.open(tmp_path / "mine" / "a.json", images=tmp_path / "other").index.path(0) == str(
        tmp_path / "other" / "1.jpg"
    )


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "JPEG", "PNG", "WEBP", "AVIF"])
def test_a_picture_is_no_table(tmp_path, kind):
    path = tmp_path / "picture"
    try:
        Image.new("RGB", (16, 16)).save(path, kind)
    except (OSError, KeyError):
        pytest.skip("this Pillow doesn't write it")
    with pytest.raises(SourceError, match=rf"(?i)one picture \({kind}\)"):
        sources.open(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("filepath\ttitle\na.jpg\tx\n".encode("utf-16"), "UTF-16"),
        (b"filepath\ttitle\ra.jpg\tx\r", "CR"),
        (b"nothing known", "the format is not known"),
        (b"", "the file is empty"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, data, says):
    path = tmp_path / "a.tsv"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=says):
        sources.open(path)


def test_tables_and_folders(tmp_path, put, write_tar):
    put("t/images")
    (tmp_path / "t" / "a.tsv").write_text('id\tcaption\timage\n7\t"x\t1.jpg\n')
    with pytest.raises(SourceError, match="quoting='none'"):
        sources.open(tmp_path / "t" / "a.tsv")
    table = sources.open(tmp_path / "t" / "a.tsv", quoting="none")
    assert table.facts(0) == {"id": "7", "caption": '"x', "image": "1.jpg", "captions": ['"x']}
    put("f{1}[2]/cat")
    assert isinstance(sources.open(tmp_path / "f{1}[2]"), sources.ImageFolder)
    write_tar([("a.jpg", b""), ("a.json", b'{"caption": "c"}')], "f{1}[2]/0.tar")
    shards = sources.open(tmp_path / "f{1}[2]")
    assert shards.index.captions(0) == ["c"]
    with pytest.raises(SourceError, match="the index that impasto keeps"):
        sources.open(tmp_path / "f{1}[2]" / "0.tar.impasto-index")


def test_a_data_set_s_root_is_answered_with_its_annotations(tmp_path, put):
    put("train2017")
    annotate(tmp_path / "annotations" / "captions.json")
    with pytest.raises(SourceError, match=r"name one of them: annotations/captions\.json"):
        sources.open(tmp_path)


def test_a_wrong_caption_field_is_answered_with_those_there_are(tmp_path, put):
    put("images")
    (tmp_path / "a.json").write_text(json.dumps([{"image": "1.jpg", "text": "x"}]))
    with pytest.raises(SourceError, match=r"'image', 'text'.*have 'image' and 'caption'"):
        sources.open(tmp_path / "a.json")


def test_a_bad_place_among_the_first_names_hides_nothing(tmp_path, put):
    put("images")
    entries = [{"filename": name, "split": "train", "sentences": [{"raw": "a"}]} for name in NAMES]
    (tmp_path / "a.json").write_text(json.dumps({"images": [{**entries[0], "filepath": 5}, *entries[1:]]}))
    source = sources.open(tmp_path / "a.json")
    assert source.index.fault(0) is not None and source.index.path(1) == str(tmp_path / "images" / "2.jpg")


def test_annotations_beside_images_are_no_class(tmp_path, put):
    put("coco/train2017")
    annotate(tmp_path / "coco" / "annotations" / "a.json")
    with pytest.raises(SourceError, match=r"name one of them: annotations/a.json"):
        sources.open(tmp_path / "coco")


def test_addresses_of_shards_are_opened_through_copies(tmp_path, write_tar, capsys):
    """URLs, a pattern of them, a command, a packed shard; where captions are is told from the first one's copy."""
    listed = json.dumps({"captions": ["a", "b"]}).encode()
    for number in range(2):
        write_tar([(f"{number}.jpg", b"x"), (f"{number}.json", listed)], f"{number}.tar")
    store = fsspec.filesystem("memory")
    for number in range(2):
        store.pipe(f"/opening/{number}.tar", (tmp_path / f"{number}.tar").read_bytes())
    (tmp_path / "0.tar.gz").write_bytes(gzip.compress((tmp_path / "0.tar").read_bytes()))
    cache = tmp_path / "copies"
    for address, rows in (
        ("memory://opening/{0..1}.tar", 2),
        ("memory://opening/*.tar", 2),
        (f"pipe:cat {tmp_path}/1.tar", 1),
        (str(tmp_path / "0.tar.gz"), 1),
    ):
        data = sources.open(address, cache=cache, cache_gb=1)
        assert isinstance(data, sources.WebDataset) and data.copies and len(data) == rows
        assert data[rows - 1].captions == ("a", "b")
        with pytest.raises(RecipeError, match="cache='FOLDER'"):
            sources.open(address)
    near = sources.open(f"file://{tmp_path}/0.tar")
    assert not near.copies and near[0].captions == ("a", "b")
    with pytest.raises(RecipeError, match="leave it out"):
        sources.open(tmp_path / "0.tar", cache=cache)
    with pytest.raises(SourceError, match="no tar shard by its name") as caught:
        sources.open("https://127.0.0.1:9/captions.json?signature=secret", cache=cache)
    assert "secret" not in str(caught.value)
    with pytest.raises(SourceError, match=r"3\.tar"):
        sources.open("memory://opening/3.tar", cache=cache)
    assert main(["info", f"pipe:cat {tmp_path}/1.tar", "--cache", str(cache), "--json", "-"]) == 1  # "x" is no picture
    assert json.loads(capsys.readouterr().out)["rows"] == 1
