"""Files that are not what they should be: named, placed, with a remedy."""

import pytest

from impasto.errors import CaptionError, SourceError
from impasto.sources import AlbefCaptions, FlickrCaptions


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b'[{"image": "a"},\n {"image" "b"}]', r"line 2, column 11: .* repair it there"),
        (b'[{"image": "a", "caption": "b"},\n {"im', r"line 2.*cut short"),
        (b'{"image": "a"}\n{"image": "b"}\n', "JSON lines"),
        (b"<!DOCTYPE html><html>", "HTML or XML"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"[" * 100_000, "nested too deeply"),
        (b"nonsense", "line 1, column 1"),
    ],
)
def test_malformed_json_is_placed(tmp_path, data, says):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=says) as caught:
        AlbefCaptions(path)
    assert caught.value.path == str(path)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(SourceError, match="does not exist; check the path"):
        AlbefCaptions(tmp_path / "a.json")
    with pytest.raises(SourceError, match="cannot be read"):
        AlbefCaptions(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf[{"image": "a.jpg", "caption": "b"}]')
    assert AlbefCaptions(path).index.captions(0) == ["b"]


@pytest.mark.parametrize("bad", [b"caf\xe9", b"\\ud83d", b"\\udce9 \xe9 \\ud83d"])
def test_a_caption_that_is_not_utf8_fails_alone(tmp_path, bad):
    path = tmp_path / "a.json"
    path.write_bytes(b'[{"image": "a.jpg", "caption": "ok"}, {"image": "b.jpg", "caption": "' + bad + b'"}]')
    index = AlbefCaptions(path).index
    assert index.captions(0) == ["ok"]
    with pytest.raises(CaptionError, match="UTF-8"):
        index.captions(1)


def test_latin1_in_a_token_file_fails_alone(tmp_path):
    path = tmp_path / "a.token"
    path.write_bytes("a.jpg#0\tcafé\nb.jpg#0\tok\n".encode("latin-1"))
    index = FlickrCaptions(path, images=tmp_path).index
    assert index.captions(1) == ["ok"]
    with pytest.raises(CaptionError, match="UTF-8"):
        index.captions(0)


def test_a_name_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "a.token"
    path.write_bytes("é.jpg#0\tcafe\n".encode("latin-1"))
    with pytest.raises(SourceError, match="is not UTF-8"):
        FlickrCaptions(path, images=tmp_path)
