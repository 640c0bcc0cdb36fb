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
        (TOKEN + "10.jpg#0\tagain\n", "sample '10.jpg'.*line 4 gives caption number 0 a second time"),
        (TOKEN + "10.jpg\tno number\n", "line 4 has no image, number and caption: '10.jpg"),
        ("image,caption\na.jpg,x,y\n", "line 2 has 3 fields, not 2"),
        ('image,caption\na.jpg,"x\nb.jpg,y\n', "line 2 has|line 2 cannot be split|never closes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, images, text, says):
    path = tmp_path / "captions"
    path.write_text(text)
    with pytest.raises(SourceError, match=says):
        FlickrCaptions(path, images=images)
