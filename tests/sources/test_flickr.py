"""Flickr's three layouts of the same captions."""

import pytest

from impasto.errors import SourceError
from impasto.sources import FlickrCaptions

TOKEN = "10.jpg#1\tSecond , of ten .\n10.jpg#0\tFirst .\n2.jpg#0\tOnly\n"
# The second line is as broken as the line of 2199200615.jpg in the published file.
BARS = "image_name| comment_number| comment\n2.jpg| 0| A dog | a cat .\n2.jpg| 1   A dog runs .\n10.jpg| 0| x\n"
CSV = 'image,caption\n2.jpg,"A dog, running"\n2.jpg,Two\n10.jpg,"He said ""hi"""\n'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TOKEN, [("10.jpg", ["First .", "Second , of ten ."]), ("2.jpg", ["Only"])]),
        (BARS, [("2.jpg", ["A dog | a cat .", "A dog runs ."]), ("10.jpg", ["x"])]),
        (CSV, [("2.jpg", ["A dog, running", "Two"]), ("10.jpg", ['He said "hi"'])]),
    ],
)
def test_layouts(tmp_path, images, rows_of, text, end, expected):
    path = tmp_path / "captions"
    path.write_bytes(text.replace("\n", end).encode())
    rows = rows_of(FlickrCaptions(path, images=images), images)
    assert rows == [(name, name, captions, None) for name, captions in expected]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the data set is empty"),
        ("image_name| comment_number| comment\n", "the data set is empty"),
        ("filepath\ttitle\na.jpg\tx\n", "the first line is neither .* use CsvCaptions"),
        (TOKEN.replace("\n", "\r"), "its lines end in CR"),
        (CSV + 'a.jpg,"hello\nb.jpg,a dog\nc.jpg,"so they say\n', r"line 5 cannot be split.*quoting='none'"),
        (CSV + 'a.jpg,"hello\nb.jpg,a 12"\n', r"line 5: .* hides line 6.*quoting='none'"),
        ('image,caption\na.jpg,"x\nb.jpg,y\n', "line 2 has|line 2 cannot be split|never closes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, images, text, says):
    path = tmp_path / "captions"
    path.write_text(text)
    with pytest.raises(SourceError, match=says):
        FlickrCaptions(path, images=images)


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        (TOKEN + "10.jpg#0\tagain\n", "10.jpg", "line 4 gives caption number 0 a second time"),
        (TOKEN + "10.jpg\tno number\n", "line 4", "line 4 has no image, number and caption"),
        (CSV + "2.jpg,x,y\n", "2.jpg", "line 5 has 3 fields, not 2"),
        (CSV + ",x\n", "line 5", "line 5 has no image, number and caption"),
    ],
)
def test_a_bad_line_is_a_bad_row(tmp_path, images, faults, text, key, says):
    path = tmp_path / "captions"
    path.write_text(text)
    source = FlickrCaptions(path, images=images)
    assert faults(source).keys() == {key} and says in faults(source)[key]
    assert {"10.jpg", "2.jpg"} <= set(source.keys)


def test_without_quoting_a_caption_begins_at_the_first_comma(tmp_path, images, rows_of):
    path = tmp_path / "captions"
    path.write_text('image,caption\r\na.jpg,"hello, world\r\na.jpg,a 12" dog\r\n')
    assert rows_of(FlickrCaptions(path, images=images, quoting="none"), images) == [
        ("a.jpg", "a.jpg", ['"hello, world', 'a 12" dog'], None)
    ]


def test_facts_are_the_image_and_all_captions(tmp_path, images):
    path = tmp_path / "captions"
    path.write_text(TOKEN)
    facts = FlickrCaptions(path, images=images).facts(0)
    assert facts == {"image": "10.jpg", "captions": ["First .", "Second , of ten ."]}
