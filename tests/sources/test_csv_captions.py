"""Tables of captions, read as pandas reads them."""

import csv
import io
import pickle

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
    source = CsvCaptions(path, sep=sep, quoting="double")
    table = pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False, skip_blank_lines=False)
    assert list(source.keys) == table["filepath"].tolist()
    assert [source.index.captions(row) for row in range(len(source))] == [[text] for text in table["title"]]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_and_root(tmp_path, images, rows_of, end):
    path = tmp_path / "table.csv"
    path.write_bytes(f"id,text,image{end}1,a,x.jpg{end}2,,y.jpg{end}".encode())
    source = CsvCaptions(path, images=images, image="image", caption="text", sep=",")
    assert rows_of(source, images) == [("x.jpg", "x.jpg", ["a"], None), ("y.jpg", "y.jpg", [""], None)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the data set is empty"),
        ("filepath\ttitle\n", "the table has no lines"),
        ("filepath,title\na.jpg,x\n", "seems to need sep=','"),
        ("path\ttitle\na.jpg\tx\n", r"no column 'filepath'.*\['path', 'title'\]"),
        ("filepath\ttitle\ra.jpg\tx\r", "its lines end in CR.*tr"),
        ("filepath\ttitle\na.jpg\tx\ry\nb.jpg\tz\n", "line 2 .*carriage return"),
        ('filepath\ttitle\na.jpg\tx\nb.jpg\t"open\nc.jpg\ty\n', "line 3: a double quote never closes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, says):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    with pytest.raises(SourceError, match=says):
        CsvCaptions(path)


def test_the_separator_is_one_character(tmp_path):
    with pytest.raises(RecipeError, match="not one character"):
        CsvCaptions(tmp_path / "table.csv", sep="tab")


SWALLOWED = [
    'a.jpg\t"hello world\nb.jpg\ta dog\nc.jpg\t"so they say\nd.jpg\tlast\n',
    'a.jpg\t"hello world\nb.jpg\ta 12"\nc.jpg\tlast\n',
    'a.jpg\t"hello world\nb.jpg\ta dog\nc.jpg\tlast\n',
    'a.jpg\tok\nb.jpg\t"two" dogs\n',
]


@pytest.mark.parametrize("rows", SWALLOWED)
def test_a_stray_quote_swallows_no_row(tmp_path, rows):
    path = tmp_path / "table.tsv"
    path.write_text("filepath\ttitle\n" + rows)
    with pytest.raises(SourceError, match=r"line [23].*quoting='none'"):
        CsvCaptions(path)
    plain = CsvCaptions(path, quoting="none")
    assert [(key, *plain.index.captions(row)) for row, key in enumerate(plain.keys)] == [
        tuple(line.split("\t")) for line in rows.splitlines()
    ]


def test_quotes_are_believed_where_they_hide_no_row_or_when_it_is_said(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('filepath,title\na.jpg,"A dog,\nrunning"\nb.jpg,two\n')
    assert CsvCaptions(path, sep=",").index.captions(0) == ["A dog,\nrunning"]
    path.write_text("filepath\ttitle\n" + SWALLOWED[1])
    assert len(CsvCaptions(path, quoting="double")) == 2
    with pytest.raises(RecipeError, match="quoting='single'"):
        CsvCaptions(path, quoting="single")


def test_a_bad_line_is_a_bad_row(tmp_path, faults):
    path = tmp_path / "table.csv"
    path.write_text("filepath,title\na.jpg\n,x\nb.jpg,two, three\nc.jpg,fine\n")
    source = CsvCaptions(path, sep=",")
    assert faults(source) == {
        "a.jpg": "SourceError: line 2 has 1 fields and the header 2; quote the field or add it",
        "line 3": "SourceError: line 3 has no image path; give it one, or remove it",
        "b.jpg": "SourceError: line 4 has 3 fields and the header 2; quote the field or add it",
    }
    assert source.index.captions(3) == ["fine"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_named(tmp_path, encoding):
    path = tmp_path / "table.tsv"
    path.write_bytes("filepath\ttitle\na.jpg\ta cat\n".encode(encoding))
    with pytest.raises(SourceError, match=r"UTF-(16|32).*save it as UTF-8"):
        CsvCaptions(path)


@pytest.mark.parametrize("quoting", [None, "none"])
def test_facts_are_all_columns(tmp_path, quoting):
    path = tmp_path / "table.tsv"
    path.write_bytes("\ufefffilepath\ttitle\tscore\na.jpg\tzoë\t1\r\nb.jpg\ttwo\t0.5\nc.jpg\tshort\n".encode())
    source = pickle.loads(pickle.dumps(CsvCaptions(path, quoting=quoting)))
    assert source.facts(0) == {"filepath": "a.jpg", "title": "zoë", "score": "1", "captions": ["zoë"]}
    assert source.facts(1) == {"filepath": "b.jpg", "title": "two", "score": "0.5", "captions": ["two"]}
    assert source.facts(2) == {"filepath": "c.jpg", "title": "short", "score": None, "captions": []}


def test_facts_of_a_record_of_several_lines(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('filepath,title,more\na.jpg,"one\ntwo","x ""y"""\nb.jpg,b,z\n')
    source = CsvCaptions(path, sep=",")
    assert source.facts(0) == {"filepath": "a.jpg", "title": "one\ntwo", "more": 'x "y"', "captions": ["one\ntwo"]}
    assert source.facts(1)["more"] == "z"


@pytest.mark.parametrize("quoting", [None, "double", "none"])
def test_a_long_field_is_no_stray_quote(tmp_path, quoting):
    path, limit = tmp_path / "table.tsv", csv.field_size_limit()
    path.write_text(f"filepath\ttitle\na.jpg\t{'x' * 140_000}\nb.jpg\tb\n")
    source = CsvCaptions(path, quoting=quoting)
    assert list(source.keys) == ["a.jpg", "b.jpg"] and source.index.captions(1) == ["b"]
    assert source.facts(0)["title"] == source.index.captions(0)[0] == "x" * 140_000
    assert csv.field_size_limit() == limit
