"""Parquet and Arrow files with images in a column, written by pyarrow and datasets."""

from __future__ import annotations

import pickle
import re

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from impasto import ImageRecipe, Loader, Recipe, sources
from impasto.errors import ImpastoError, SourceError
from impasto.jobs import inspect

CAPTIONS = [["a", "b"], ["c"], ["d"], [], ["e"], ["f"], ["g"]]


@pytest.fixture
def rows(jpeg):
    return [
        {
            "image": {"bytes": jpeg + bytes(number), "path": None},
            "caption": captions,
            "number": number,
            "label": 10 - number,
        }
        for number, captions in enumerate(CAPTIONS)
    ]


@pytest.fixture(params=["parquet", "arrow", "compressed", "stream"])
def file(request, tmp_path, rows):
    """Groups of three rows, in two files."""
    for part in (0, 1):
        table = pa.Table.from_pylist(rows[:4] if part == 0 else rows[4:])
        if request.param == "parquet":
            pyarrow.parquet.write_table(table, tmp_path / f"train-{part:05d}-of-00002.parquet", row_group_size=3)
            continue
        options = pa.ipc.IpcWriteOptions(compression="zstd" if request.param == "compressed" else None)
        new = pa.ipc.new_stream if request.param == "stream" else pa.ipc.new_file
        with new(str(tmp_path / f"train-{part:05d}-of-00002.arrow"), table.schema, options=options) as out:
            out.write_table(table, max_chunksize=3)
    return tmp_path / f"train-*.{'parquet' if request.param == 'parquet' else 'arrow'}"


def test_rows_in_any_order(file, rows):
    """Against what was written."""
    source = sources.open(file)
    assert isinstance(source, sources.Parquet if "parquet" in file.name else sources.Arrow)
    assert (len(source), source.key(3)) == (7, "3")
    assert sources.open(file.parent).gather([6]).captions(0) == ["g"]
    kind = type(source)
    for copy in (kind(file, label="label"), pickle.loads(pickle.dumps(kind(file, label="label")))):
        asked = np.array([6, 0, 4, 0, 3])
        index = copy.gather(asked)
        found = [(index.image(at), index.captions(at), index.label(at)) for at in range(len(asked))]
        assert found == [(rows[row]["image"]["bytes"], CAPTIONS[row], 10 - row) for row in asked]
        assert copy.facts(0) == {"caption": ["a", "b"], "number": 0, "label": 10, "captions": ["a", "b"]}
        assert copy.facts(-1)["number"] == 6
        texts = copy.gather_texts(asked)
        assert [texts.captions(at) for at in range(5)] == [CAPTIONS[row] for row in asked] and texts.image(1) == b""


def test_workers_read_them(file):
    recipe = Recipe(image=ImageRecipe(size=8), text=None)
    batches = [
        [batch.keys for batch in Loader(sources.open(file), recipe, batch_size=3, drop_last=False, **options)]
        for options in ({"workers": 1}, {"workers": 2, "processes": True})
    ]
    assert batches[0] == batches[1] and sorted(key for keys in batches[0] for key in keys) == [
        str(row) for row in range(7)
    ]


def test_info(file):
    report = inspect(sources.open(file))
    assert report.ok is False and [problem.kind for problem in report.problems] == ["no caption"]
    assert (report.rows, report.captions["total"], report.headers["formats"]) == (7, 7, {"jpeg": 7})


def test_what_datasets_saved(tmp_path, jpeg):
    kinds = {"jpg": datasets.Image(), "text": datasets.Value("string")}
    table = datasets.Dataset.from_list(
        [{"jpg": {"bytes": jpeg, "path": None}, "text": "x"}] * 3, features=datasets.Features(kinds)
    )
    table.save_to_disk(str(tmp_path / "saved"))
    table.to_parquet(str(tmp_path / "hub.parquet"))
    for place in (tmp_path / "saved", tmp_path / "hub.parquet"):
        index = sources.open(place).gather([2])
        assert (index.image(0), index.captions(0)) == (jpeg, ["x"])


def test_images_of_one_size(tmp_path, jpeg):
    images = pa.array([jpeg, jpeg], pa.binary(len(jpeg)))
    pa.parquet.write_table(pa.table({"image": images, "caption": ["x", "y"]}), tmp_path / "a.parquet")
    index = sources.open(tmp_path / "a.parquet").gather([1])
    assert (index.image(0), index.captions(0)) == (jpeg, ["y"])


@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
@pytest.mark.parametrize("held", ["bytes", "path", "struct of bytes", "struct of path"])
def test_columns_that_repeat_or_lack_a_field(tmp_path, jpeg, held, ending, dictionary):
    """Few images for many captions are written as a dictionary of them."""
    (tmp_path / "a.jpg").write_bytes(jpeg)
    name = held.removeprefix("struct of ")
    images = pa.array([jpeg if name == "bytes" else "a.jpg"] * 2)
    images = images.dictionary_encode() if dictionary else images
    if held != name:
        images = pa.StructArray.from_arrays([images], [name])
    table, place = pa.table({"image": images, "caption": ["x", "y"]}), tmp_path / f"a.{ending}"
    if ending == "parquet":
        pa.parquet.write_table(table, place)
    else:
        with pa.ipc.new_file(str(place), table.schema) as out:
            out.write_table(table)
    index = sources.open(place).gather([1])
    assert (index.image(0), index.captions(0)) == (jpeg, ["y"])


def test_paths_and_bad_rows(tmp_path, jpeg, faults):
    (tmp_path / "a.jpg").write_bytes(jpeg)
    images = [
        {"bytes": None, "path": "a.jpg"},
        {"bytes": None, "path": None},
        {"bytes": jpeg, "path": "gone.jpg"},
        None,
    ]
    schema = pa.schema(
        [("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])), ("caption", pa.binary())]
    )
    table = pa.table({"image": images, "caption": [b"x", b"y", b"\xff\xfe", b"z"]}, schema=schema)
    table = table.set_column(1, "caption", table["caption"].combine_chunks().view(pa.string()))
    with pa.ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as out:
        out.write_table(table)
    source = sources.Arrow(tmp_path / "a.arrow")
    assert source.gather([0]).image(0) == jpeg
    wrong = faults(source)
    assert wrong.keys() == {"1", "2", "3"}
    assert re.match("SourceError: the image is a NoneType", wrong["1"]) and "UnicodeDecodeError" in wrong["2"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"image": "jpg"},
            r"there is no column 'jpg'; .*sources\.Parquet.*'image', 'caption', 'number', 'label'",
        ),
        ({"image": "number"}, "the column 'number' is of type int64, no images"),
        ({"label": "class"}, "there is no column 'class'"),
    ],
)
def test_wrong_columns_are_named(file, options, says):
    with pytest.raises(SourceError, match=says):
        type(sources.open(file))(file, **options)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_columns_that_share_a_name(tmp_path, jpeg, ending):
    table = pa.table([pa.array([jpeg]), pa.array(["a"]), pa.array(["b"])], names=["image", "text", "text"])
    path = tmp_path / f"twice.{ending}"
    if ending == "parquet":
        pyarrow.parquet.write_table(table, path)
    else:
        with pa.ipc.new_file(str(path), table.schema) as out:
            out.write_table(table)
    with pytest.raises(SourceError, match=r"twice.*: columns share a name: 'text'; rename one of each"):
        sources.open(path)


def test_files_that_are_none(tmp_path, rows):
    for kind, name in ((sources.Parquet, "Parquet"), (sources.Arrow, "Arrow")):
        (tmp_path / "a").write_bytes(b"PAR1 but no more")
        with pytest.raises(SourceError, match=f"this is no {name} file that can be read"):
            kind(tmp_path / "a")
    for split in ("train", "test"):
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), tmp_path / f"{split}-00000-of-00001.parquet")
    with pytest.raises(SourceError, match=r"several splits; name one of them: 'test\*', 'train\*'"):
        sources.open(tmp_path)
    path = tmp_path / "test-00000-of-00001.parquet"
    changed = pickle.dumps(sources.Parquet(path))
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows[:2]), path)
    with pytest.raises(ImpastoError, match="changed after it was read"):
        pickle.loads(changed).facts(0)


def test_a_damaged_group_is_its_rows_fault(tmp_path, rows, faults):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=3, compression="zstd")
    column = pyarrow.parquet.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    start = column.data_page_offset if not column.dictionary_page_offset else column.dictionary_page_offset
    data[start : start + column.total_compressed_size] = bytes(column.total_compressed_size)
    path.write_bytes(data)
    wrong = faults(sources.Parquet(path))
    assert wrong.keys() == {"3", "4", "5"} and all("row group 1 cannot be read" in one for one in wrong.values())
