"""Tar shards, read as the webdataset package and tarfile read them."""

import io
import json
import pickle
import tarfile

import pytest

from impasto.errors import CaptionError, RecipeError, SourceError
from impasto.sources import WebDataset


def add(tar, name, data, kind=tarfile.REGTYPE):
    member = tarfile.TarInfo(name)
    member.size, member.type = len(data), kind
    tar.addfile(member, io.BytesIO(data))


@pytest.fixture
def write_tar(tmp_path):
    def write(members, name="shard.tar", tar_format=tarfile.GNU_FORMAT):
        path = tmp_path / name
        with tarfile.open(path, "w", format=tar_format) as tar:
            for member, data in members:
                add(tar, member, data) if data is not None else add(tar, member, b"", tarfile.DIRTYPE)
        return path

    return write


def samples(source):
    index = source.index
    return [(index.key(i), index.image(i), index.captions(i), index.label(i)) for i in range(len(source))]


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_every_tar_format_groups_as_webdataset(write_tar, tar_format):
    long = "folder/" * 20 + "n" * 90  # fits USTAR's prefix, and is long for GNU and PAX
    members = [
        ("train", None),
        ("train/0001.jpg", b"one"),
        ("train/0001.txt", b"a caption"),
        ("train/0002.seg.png", b"not the image"),
        ("train/0002.PNG", b"two"),
        ("train/0002.cls", b"7\n"),
        ("train/0002.meta.json", b"{}"),
        ("v1.0/x.txt", b"dots in the folder"),
        ("v1.0/x.webp", b"three"),
        (long + ".txt", "länger".encode()),
        (long + ".jpeg", b"four"),
    ]
    source = WebDataset(write_tar(members, tar_format=tar_format))
    assert samples(source) == [
        ("train/0001", b"one", ["a caption"], None),
        ("train/0002", b"two", [], 7),
        ("v1.0/x", b"three", ["dots in the folder"], None),
        (long, b"four", ["länger"], None),
    ]


def test_image_endings_in_order_of_preference(write_tar):
    path = write_tar([("a.jpg", b"jpg"), ("a.input.png", b"png"), ("a.txt", b"")])
    assert samples(WebDataset(path, images=("input.png", "jpg"))) == [("a", b"png", [""], None)]


def test_img2dataset_json_captions(write_tar):
    meta = json.dumps({"caption": "naïve \U0001f600", "title": "t", "width": 3}).encode()
    path = write_tar([("000000000.jpg", b"x"), ("000000000.json", meta), ("000000000.txt", b"plain")])
    assert WebDataset(path, caption="json").index.captions(0) == ["naïve \U0001f600"]
    assert WebDataset(path, caption="json:title").index.captions(0) == ["t"]
    with pytest.raises(CaptionError, match="width"):
        WebDataset(path, caption="json:width").index.captions(0)


def test_shards_follow_one_another_and_pickle(write_tar, tmp_path):
    for number in range(3):
        write_tar([(f"{number}{i}.jpg", f"image {number}{i}".encode()) for i in range(2)], f"{number:03d}.tar")
    source = WebDataset(str(tmp_path / "{000..002}.tar"))
    copy = pickle.loads(pickle.dumps(source))
    assert samples(copy) == samples(source) == [(k, f"image {k}".encode(), [], None) for k in source.keys]
    assert list(source.keys) == ["00", "01", "10", "11", "20", "21"]
    assert repr(copy) == repr(source) and "3 shards, 6 rows" in repr(source)


def test_the_index_is_cached_and_made_again_when_the_shard_changes(write_tar, tmp_path):
    cache = tmp_path / "cache"
    path = write_tar([("a.jpg", b"1")])
    assert list(WebDataset(path, cache=cache).keys) == ["a"]
    assert list(WebDataset(path, cache=cache).keys) == ["a"]
    assert any(cache.iterdir())
    write_tar([("a.jpg", b"1"), ("b.jpg", b"2")])
    assert samples(WebDataset(path, cache=cache)) == [("a", b"1", [], None), ("b", b"2", [], None)]


def test_a_cut_tar(write_tar):
    path = write_tar([(f"{i}.{ending}", bytes(700)) for i in range(3) for ending in ("jpg", "txt")])
    path.write_bytes(path.read_bytes()[: 1536 * 5 - 100])
    with pytest.raises(SourceError, match="cut"):
        WebDataset(path)
    assert list(WebDataset(path, truncated="keep").keys) == ["0", "1", "2"]
    path.write_bytes(path.read_bytes()[: 1536 * 4 + 600])
    assert list(WebDataset(path, truncated="keep").keys) == ["0", "1"]


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"<html>" * 200, "tar"), (b"\x1f\x8b" + bytes(600), "compress"), (bytes(10240), "empty"), (b"", "cut|empty")],
)
def test_what_is_no_tar(tmp_path, data, says):
    path = tmp_path / "shard.tar"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=says) as caught:
        WebDataset(path)
    assert str(path) in str(caught.value)


def test_a_sample_without_image(write_tar):
    with pytest.raises(SourceError, match=r"sample \"a\" has no image.*\.tif"):
        WebDataset(write_tar([("a.tif", b""), ("a.txt", b"")]))


def test_a_caption_that_is_not_utf8(write_tar):
    with pytest.raises(CaptionError, match="UTF-8"):
        WebDataset(write_tar([("a.jpg", b""), ("a.txt", b"caf\xe9")])).index.captions(0)


@pytest.mark.parametrize(
    "options",
    [
        {"images": ()},
        {"images": "jpg"},
        {"images": (".jpg",)},
        {"truncated": "skip"},
        *({"caption": caption} for caption in ("", "json:", ".txt", "txt:caption")),
    ],
)
def test_options_that_make_no_sense(write_tar, options):
    with pytest.raises(RecipeError):
        WebDataset(write_tar([("a.jpg", b"")]), **options)
