"""Names of shards: braces and globs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import SourceError
from impasto.sources.reading.shards import find_shards


@pytest.fixture
def shards(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a-00.tar", "a-01.tar", "a-02.tar", "b.tar", "{odd}.tar"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["a-{00..02}.tar"], ["a-00.tar", "a-01.tar", "a-02.tar"]),
        (["{b,a-01}.tar"], ["b.tar", "a-01.tar"]),
        (["{a-{01,02},b}.tar"], ["a-01.tar", "a-02.tar", "b.tar"]),
        (["a-*.tar"], ["a-00.tar", "a-01.tar", "a-02.tar"]),
        (["b.tar", "a-{02..00}.tar"], ["b.tar", "a-02.tar", "a-01.tar", "a-00.tar"]),
        (["{odd}.tar"], ["{odd}.tar"]),
        (["s3://b/{0..1}.tar", "b.tar"], ["s3://b/0.tar", "s3://b/1.tar", "b.tar"]),
        (["pipe:cat *{a,b}.tar"], ["pipe:cat *a.tar", "pipe:cat *b.tar"]),
    ],
)
def test_patterns(shards, patterns, found):
    assert find_shards(patterns) == found


@pytest.mark.parametrize(
    ("patterns", "says"),
    [
        ([], "the list of shards is empty"),
        (["a-{10..12}.tar"], r"no file matches the pattern \(it stands for 3 names\)"),
        (["c-*.tar"], "no file matches the pattern"),
        (["a-{00..04}.tar"], "2 of its 5 shards do not exist, the first is 'a-03.tar'"),
        (["a-{00..02.tar"], "not balanced"),
        (["b.tar", "b.tar"], "named twice"),
        (["s3://b/*.tar"], "nothing there matches"),
        (["https://host/a.tar"] * 2, "named twice"),
        (["a-{00000000..99999999}.tar"], "more than 300000 names"),
    ],
)
def test_what_is_wrong_is_named(shards, patterns, says):
    with pytest.raises(SourceError, match=says):
        find_shards(patterns)


@given(st.text("{}a,.01*?[]-", max_size=300))
def test_any_pattern_is_found_or_refused(pattern):
    with pytest.raises(SourceError):
        find_shards([f"/absent/{pattern}x"])


def test_indexes_of_ours_are_no_shards(shards):
    for name in ("a-00.tar.impasto-index", "b.tar.impasto-index.7-0.partial"):
        (shards / name).touch()
    assert find_shards(["a-*"]) == ["a-00.tar", "a-01.tar", "a-02.tar"]
    assert find_shards(["b.tar", "a-00.tar.impasto-index"]) == ["b.tar"]
    with pytest.raises(SourceError, match="indexes that impasto wrote"):
        find_shards(["*.impasto-index"])
