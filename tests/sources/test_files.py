"""Files that are not what they should be: named, placed, with a remedy."""

import json
import os
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import sources
from impasto.errors import CaptionError, SourceError
from impasto.sources import AlbefCaptions, CsvCaptions, FlickrCaptions, Sequence, WebDataset
from impasto.sources.reading.json_files import entry, read_entries, read_json


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


def test_a_name_that_is_not_utf8_is_a_bad_row(tmp_path, faults):
    path = tmp_path / "a.token"
    path.write_bytes("é.jpg#0\tcafe\nb.jpg#0\tok\n".encode("latin-1"))
    source = FlickrCaptions(path, images=tmp_path)
    (said,) = faults(source).values()
    assert "not UTF-8" in said and source.index.captions(1) == ["ok"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"image": "a.jpg", "caption": "ok", "similarity": NaN, "x": [Infinity, -Infinity]}]',
        f'[{{"image": "a.jpg", "caption": "ok", "id": {"9" * 5000}}}]',
        '[{"image": "b.jpg", "image": "a.jpg", "caption": 3, "caption": "ok", "x": "\\ud83d"}]',
    ],
)
def test_only_what_is_asked_for_is_judged(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    source = AlbefCaptions(path)
    assert source.key(0) == "a.jpg" and source.index.captions(0) == ["ok"]
    assert source.facts(0)["captions"] == ["ok"]


def outcome(read):
    try:
        return read()
    except (ValueError, OSError, RecursionError) as error:
        return type(error) in (json.JSONDecodeError, SourceError)


values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3), st.lists) | (
    st.dictionaries(st.sampled_from(["", "a", "é", "images"]), st.lists(st.text(max_size=3) | st.floats(), max_size=3))
)


@given(values, st.integers(0, 40), st.sampled_from(["", " ", "]", "}", ",", '"', "NaN", "1", "\n\t"]), st.booleans())
def test_documents_are_what_python_reads(tmp_path_factory, value, place, inserted, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=1)
    text = text[:place] + inserted + text[place:]
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(text, "utf-8", "surrogatepass")
    assert repr(outcome(lambda: read_json(path))) == repr(outcome(lambda: json.loads(path.read_text("utf-8"))))


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=5) | st.integers()), min_size=1), st.booleans())
def test_every_entry_is_found_again(tmp_path_factory, entries, marked):
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(json.dumps({"x": entries, "y": [1]}, ensure_ascii=False), "utf-8-sig" if marked else "utf-8")
    document, kept = read_entries(path)
    assert [entry(kept["x"], number) for number in range(len(kept["x"]))] == entries == document["x"]
    assert entry(kept["y"], 0) == 1


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device"])
def test_what_is_no_regular_file_is_never_waited_for(tmp_path, jpeg, kind):
    """The test would hang, or fill the memory, if it were."""
    path = tmp_path / "a.json"
    if kind == "device":
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe") if kind == "link to a pipe" else (tmp_path / "pipe").rename(path)
    what = "it is a device" if kind == "device" else "it is a pipe"
    for make in (AlbefCaptions, CsvCaptions, WebDataset, sources.open, lambda path: Sequence([(path, "x")])):
        with pytest.raises(SourceError, match=f"{what}, not a regular file"):
            make(path).gather([0]).image(0)
    shard, index = tmp_path / "a.tar", tmp_path / "a.tar.impasto-index"
    with tarfile.open(shard, "w") as tar:
        (tmp_path / "0.jpg").write_bytes(jpeg)
        tar.add(tmp_path / "0.jpg", "0.jpg")
    index.symlink_to(path)
    assert len(WebDataset(shard)) == 1 and len(WebDataset(shard)) == 1
    assert path.exists() and not index.is_symlink() and index.stat().st_size > 0


def test_one_zero_byte_is_no_utf16(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"\0")
    with pytest.raises(SourceError, match="line 1, column 1"):
        AlbefCaptions(path)
