"""The report lists all that is wrong, not the first of it."""

import io
import json
import tarfile

import pytest

from impasto.jobs import inspect
from impasto.sources import AlbefCaptions, ImageTextFolder, WebDataset


@pytest.fixture(scope="module")
def jpeg(photographs, encode):
    return encode(photographs["coffee"][:20, :20])


def problems(source):
    return {
        problem.kind: (problem.fatal, problem.count, [example["key"] for example in problem.examples])
        for problem in inspect(source).problems
    }


def test_all_bad_rows_of_a_shard_are_listed(tmp_path, jpeg):
    members = [("a.jpg", jpeg), ("a.txt", b"one"), ("b.txt", b"lost"), ("c.txt", b"lost too"), ("d.jpg", jpeg)]
    members += [("d.cls", b"0.9"), ("e.jpg", b"GIF89a"), ("e.txt", b""), ("README.md", b"x"), ("f.jpg", jpeg)]
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    source = WebDataset(tmp_path / "a.tar")
    assert problems(source) == {
        "bad row": (True, 2, ["b", "c"]),
        "bad label": (True, 1, ["d"]),
        "unsupported image": (True, 1, ["e"]),
        "no caption": (True, 1, ["f"]),
        "empty caption": (True, 1, ["e"]),
    }
    assert inspect(source).as_dict()["left_out"] == {".md": 1}


def test_a_caption_that_can_t_be_used_beside_others_is_no_error(tmp_path, jpeg):
    (tmp_path / "0.jpg").write_bytes(jpeg)
    captions = [["a", "", None, float("nan")], ["", None], "b", None]
    (tmp_path / "a.json").write_text(json.dumps([{"image": "0.jpg", "caption": one} for one in captions]))
    source = AlbefCaptions(tmp_path / "a.json", images=tmp_path)
    assert problems(source) == {
        "unused caption": (False, 3, ["0.jpg"] * 3),
        "bad caption": (True, 1, ["0.jpg"]),
        "empty caption": (True, 1, ["0.jpg"]),
        "no caption": (True, 1, ["0.jpg"]),
    }


def test_a_sound_folder_is_ok_and_says_what_it_left_out(tmp_path, jpeg):
    for name, data in {"a.jpg": jpeg, "a.txt": b"a", "._a.jpg": b"", "b.gif": b""}.items():
        (tmp_path / name).write_bytes(data)
    report = inspect(ImageTextFolder(tmp_path))
    assert report.ok and report.left_out == {"hidden": 1, ".gif": 1}
