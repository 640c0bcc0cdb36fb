"""Keep-lists: by key, of any source, in any order, of no other data set."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import impasto
from impasto.sources import Sequence, keep, write_keep_list

Pairs = list[tuple[Path, list[str]]]


@pytest.fixture
def data(pairs: Pairs) -> Sequence:
    return Sequence([(path, captions) for path, captions in pairs[:6]])


def test_rows_stay_by_their_keys(pairs: Pairs, tmp_path: Path) -> None:
    """A folder's list on a folder that is read backwards, on both together, and in a loader."""
    table = tmp_path / "table.csv"
    lines = [f"{path},{captions[0].replace(',', '')}\n" for path, captions in pairs[:6]]
    table.write_text("filepath,title\n" + "".join(lines), encoding="utf-8")
    backwards = tmp_path / "backwards.csv"
    backwards.write_text("filepath,title\n" + "".join(reversed(lines)), encoding="utf-8")
    data, turned = impasto.sources.open(table), impasto.sources.open(backwards)
    write_keep_list(tmp_path / "keep.jsonl", data, np.array([4, 1]))
    kept = keep(data, tmp_path / "keep.jsonl")
    assert list(kept.keys) == [data.key(1), data.key(4)]
    assert list(keep(turned, tmp_path / "keep.jsonl").keys) == [data.key(4), data.key(1)]
    assert kept.left_out == {"not on the keep-list": 4} and "4 not on the keep-list" in repr(kept)
    assert list(pickle.loads(pickle.dumps(kept)).keys) == list(kept.keys)
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=16), text=None)
    (batch,) = impasto.Loader(kept, recipe, batch_size=2, workers=0, shuffle=False)
    assert batch.keys == list(kept.keys)
    subset = data[::-1]
    write_keep_list(tmp_path / "some.jsonl", subset, [0])
    assert list(keep(impasto.sources.concat(data[:3], data[3:]), tmp_path / "some.jsonl").keys) == [data.key(5)]


def test_rows_of_one_key_are_told_apart(pairs: Pairs, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    rows = [f"{pairs[0][0]},one", f"{pairs[1][0]},two", f"{pairs[0][0]},three"]
    table.write_text("\n".join(["filepath,title", *rows]), encoding="utf-8")
    data = impasto.sources.open(table)
    write_keep_list(tmp_path / "keep.jsonl", data, [2, 1])
    kept = keep(data, tmp_path / "keep.jsonl")
    assert [kept[row].captions for row in range(2)] == [("two",), ("three",)]


def test_a_list_of_other_data_is_refused(data: Sequence, tmp_path: Path) -> None:
    path = tmp_path / "keep.jsonl"
    write_keep_list(path, data, [0, 1])
    with pytest.raises(impasto.SourceError, match=r"of another data set: its data set had 6 rows, this one has 5"):
        keep(data[:5], path)
    with pytest.raises(impasto.SourceError, match=r"had 6 rows, this one has 6 with other keys; open the data set"):
        keep(data[[0, 1, 2, 3, 4, 4]], path)


def test_damaged_lists(data: Sequence, tmp_path: Path) -> None:
    path = tmp_path / "keep.jsonl"
    write_keep_list(path, data, [0, 1])
    header = path.read_text(encoding="utf-8").splitlines()[0]
    for text, reason in (
        ("", "line 1 is no JSON"),
        ('"0"\n', "its first line is not that of a keep-list"),
        (f"{header}\n0\n", "line 2 is no key: 0"),
        (f'{header}\n"0"\n"1\n', "line 3 is no JSON"),
        (f'{header}\n"seven"\n', r"it keeps what is not there, such as \['seven'\]"),
        (f'{header}\n"0"\n', "the list is cut, or has a key twice: it has 1 keys, and its first line says 2"),
        (f'{header}\n"0"\n"0"\n', "the list is cut"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(impasto.SourceError, match=reason) as caught:
            keep(data, path)
        assert caught.value.path == str(path)
    with pytest.raises(impasto.SourceError, match="does not exist"):
        keep(data, tmp_path / "gone.jsonl")
    for row in (6, -1, 1.5, "0"):
        with pytest.raises(impasto.RecipeError, match=re.escape(f"rows=[{row!r}] are no rows of Sequence")):
            write_keep_list(path, data, [0, row])  # type: ignore[list-item]
    with pytest.raises(impasto.SourceError, match="can't be written"):
        write_keep_list(tmp_path / "no" / "keep.jsonl", data, [])


def test_nothing_and_everything(data: Sequence, tmp_path: Path) -> None:
    write_keep_list(tmp_path / "none.jsonl", data, [])
    write_keep_list(tmp_path / "all.jsonl", data, range(6))
    assert len(keep(data, tmp_path / "none.jsonl")) == 0
    everything = keep(data, tmp_path / "all.jsonl")
    assert list(everything.keys) == list(data.keys) and everything.left_out == {}
    assert json.loads((tmp_path / "all.jsonl").read_text().splitlines()[0])["rows"] == 6
