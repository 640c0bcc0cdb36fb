"""Tar shards, read as the webdataset package and tarfile read them."""

import json
import pickle
import sys
import tarfile

import pytest

from impasto.errors import CaptionError, RecipeError, SourceError
from impasto.sources import WebDataset


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
    with pytest.raises(CaptionError, match=r'no field "text" among \["caption", "title", "width"\]'):
        WebDataset(path, caption="json:text").index.captions(0)


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


def test_a_sample_without_image_is_a_bad_row(write_tar, faults):
    members = [("a.tif", b""), ("a.txt", b"x"), ("b.txt", b"lost"), ("b.json", b"{}"), ("c.jpg", b"3"), ("d.cls", b"1")]
    source = WebDataset(write_tar(members))
    assert list(source.keys) == ["a", "b", "c", "d"]
    assert faults(source).keys() == {"a", "b", "d"}
    assert "it has .tif, .txt; name its extension with images=(...)" in faults(source)["a"]
    assert source.index.path(1).endswith("shard.tar:b") and source.index.image(2) == b"3"
    copy = pickle.loads(pickle.dumps(source))
    assert faults(copy) == faults(source)


def test_what_is_no_sample_is_left_out_and_counted(write_tar):
    members = [("README.md", b"x"), ("._a.jpg", b""), ("a.jpg", b"1"), ("b.json", b"{}"), ("stats", b"")]
    source = WebDataset(write_tar(members))
    assert list(source.keys) == ["a"]
    assert source.left_out == {"hidden": 1, ".md": 1, ".json": 1, ".": 1}
    with pytest.raises(SourceError, match=r"no samples but 2 \.tif; name the images' endings"):
        WebDataset(write_tar([("a.tif", b""), ("b.tif", b"")]))


@pytest.mark.parametrize("label", [b"0.9", b"cat", b"", b"1 0 1", b"9" * 100, b"\xff", b"-9223372036854775808"])
def test_a_bad_label_is_a_bad_row(write_tar, faults, label):
    source = WebDataset(write_tar([("a.jpg", b"1"), ("a.cls", label), ("b.jpg", b"2"), ("b.cls", b" 12\n")]))
    assert source.index.label(1) == 12
    assert faults(source).keys() == {"a"}
    with pytest.raises(SourceError, match=r"whole number|out of range") as caught:
        source.index.label(0)
    assert caught.value.key == "a"


def test_facts_are_the_other_members(write_tar):
    meta = {"caption": "x", "similarity": float("inf"), "boxes": [[0, 0, 1, 1]]}
    long = "folder/" * 20 + "n" * 90
    members = [("a.jpg", b"1"), ("a.txt", b"one"), ("README.md", b""), (long + ".mask.npy", b"mask")]
    members += [(long + ".JPG", b"2"), (long + ".json", json.dumps(meta).encode()), (long + ".txt", b"tw\xc3\xb6")]
    members += [(long + ".cls", b"3"), ("b.txt", b"lost"), ("b.json", b"[")]
    source = pickle.loads(pickle.dumps(WebDataset(path := write_tar(members, tar_format=tarfile.PAX_FORMAT))))
    assert source.facts(0) == {"txt": "one", "captions": ["one"]}
    assert source.facts(1) == {"mask.npy": b"mask", "json": meta, "txt": "twö", "cls": "3", "captions": ["twö"]}
    assert source.facts(2) == {"txt": "lost", "json": b"[", "captions": ["lost"]}
    path.write_bytes(bytes(len(path.read_bytes())))
    with pytest.raises(SourceError, match="changed"):
        source.facts(1)


VALUES = [
    '"a cat"',
    r'"\ud83d\ude00 \u00e9\n\/"',
    r'"\ud83d"',
    r'"\ud83dx\ude00"',
    "NaN",
    "-Infinity",
    "9" * 5000,
    "1e999",
]
VALUES += [
    "-0.5E+3",
    "null",
    "true",
    "[]",
    "{}",
    '[1, {"caption": "deep"}]',
    '{"a": [null, {}]}',
    '"é\t"',
    '"tab\t"',
    "01",
]
VALUES += [
    "1.",
    "-",
    "+1",
    ".5",
    "1e",
    "nul",
    "[1,]",
    '{"a":1,}',
    "{1:2}",
    '"\x00"',
    r'"\x"',
    r'"\u12"',
    '"open',
    "[" * 50 + "]" * 50,
]
DOCUMENTS = [
    '{{"caption": {}}}',
    '{{"x": {}, "caption": "ok"}}',
    '{{"caption": "old", "caption": {} }}',
    " {} ",
    "[{}]",
]
DOCUMENTS += [
    '\ufeff{{"caption":"ok","x":{}}}\n',
    '{{"caption": "ok"}} {}',
    '{{"caption": "ok", {}}}',
    '{{"\\u0063aption" : {}\n}}',
]


def test_json_members_are_read_as_python_reads_them(write_tar):
    texts = [document.format(value) for document in DOCUMENTS for value in VALUES]
    members = [
        (f"{row}.{end}", data)
        for row, text in enumerate(texts)
        for end, data in (("jpg", b""), ("json", text.encode()))
    ]
    index = WebDataset(write_tar(members), caption="json").index
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        for row, text in enumerate(texts):
            try:
                found = json.loads(text.encode())
            except ValueError:
                found = None
            caption = found.get("caption") if isinstance(found, dict) else None
            try:
                caption = caption.encode().decode()
            except (AttributeError, UnicodeEncodeError):
                with pytest.raises(CaptionError):
                    index.caption(row, 0)
            else:
                assert index.caption(row, 0) == caption, text
    finally:
        sys.set_int_max_str_digits(limit)


def test_a_list_in_json_is_several_captions(write_tar):
    lists = [["one", "tw\xf6"], [], ["alone"], "plain", ["one", 2], None]
    members = [
        (f"{row}.{end}", data)
        for row, captions in enumerate(lists)
        for end, data in (("jpg", b""), ("json", json.dumps({"captions": captions}).encode()))
    ]
    source = pickle.loads(pickle.dumps(WebDataset(write_tar(members), caption="json:captions")))
    index = source.index
    assert [index.caption_count(row) for row in range(6)] == [2, 0, 1, 1, 1, 1]
    assert [index.captions(row) for row in range(4)] == [["one", "tw\xf6"], [], ["alone"], ["plain"]]
    assert source.facts(0)["captions"] == ["one", "tw\xf6"]
    for row, says in ((1, "no caption"), (4, "a list of other things than strings"), (5, "null")):
        with pytest.raises(CaptionError, match=says):
            index.caption(row, 0)
    with pytest.raises(CaptionError, match="no caption"):
        index.caption(0, 2)


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
        *({name: 5} for name in ("caption", "label", "cache", "images")),
    ],
)
def test_options_that_make_no_sense(write_tar, options):
    with pytest.raises(RecipeError):
        WebDataset(write_tar([("a.jpg", b"")]), **options)


def test_facts_of_a_json_member_that_is_nested_too_deeply(write_tar):
    deep = b'{"caption": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    source = WebDataset(write_tar([("a.jpg", b""), ("a.json", deep)]), caption="json")
    assert source.facts(0) == {"json": deep, "captions": ["a"]}
