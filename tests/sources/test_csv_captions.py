"""Tables of captions, read as pandas reads them."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import RecipeError, SourceError
from impasto.sources import CsvCaptions

texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=12)
tables = st.lists(st.tuples(texts.filter(bool), texts), min_size=1, max_size=6)


@given(tables, st.sampled_from("\t,;"))
def test_tables_read_as_pandas_reads_them(tmp_path_factory, rows, sep):
    text = io.StringIO()
    csv.writer(text, delimiter=sep, lineterminator="\n").writerows([("filepath", "title"), *rows])
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    source = CsvCaptions(path, sep=sep)
    table = pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False, skip_blank_lines=False)
    assert list(source.keys) == table["filepath"].tolist()
    assert [source.index.captions(row) for row in range(len(source))] == [[text] for text in table["title"]]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_and_root(tmp_path, images, rows_of, end):
    path = tmp_path / "table.csv"
    path.write_bytes(f"id,text,image{end}1,a,x.jpg{end}2,,y.jpg{end}".encode())
    source = CsvCaptions(path, root=images, image="image", caption="text", sep=",")
    assert rows_of(source, images) == [("x.jpg", "x.jpg", ["a"], None), ("y.jpg", "y.jpg", [""], None)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the data set is empty"),
        ("filepath\ttitle\n", "the table has no lines"),
        ("filepath,title\na.jpg,x\n", "seems to need sep=','"),
        ("path\ttitle\na.jpg\tx\n", r"no column 'filepath'.*\['path', 'title'\]"),
        ("filepath\ttitle\na.jpg\n", "line 2 has 1 fields and the header 2"),
        ("filepath\ttitle\n\tx\n", "line 2 has no image path"),
        ('filepath\ttitle\na.jpg\tx\nb.jpg\t"open\nc.jpg\ty\n', "line 3: a double quote never closes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, says):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=says):
        CsvCaptions(path)


def test_the_separator_is_one_character(tmp_path):
    with pytest.raises(RecipeError, match="not one character"):
        CsvCaptions(tmp_path / "table.csv", sep="tab")
