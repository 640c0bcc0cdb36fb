"""Values of a wrong kind raise errors of ours, which name the field; nothing waits for a pipe."""

import os

import pytest

from impasto import BertTokenizer, ClipTokenizer, ImageRecipe, RecipeError, VocabularyError


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: ImageRecipe(exact="no"), "exact='no' must be True or False"),
        (lambda: BertTokenizer(vocabulary=5), "vocabulary=5 must be a path"),
        (lambda: BertTokenizer(vocabulary="vocab.txt", end=1), "end=1"),
        (lambda: ClipTokenizer(vocabulary=b"x"), "vocabulary=b'x'"),
    ],
)
def test_a_wrong_kind_is_named(call, names):
    with pytest.raises(RecipeError, match=names):
        call()


@pytest.mark.parametrize("kind", [BertTokenizer, ClipTokenizer])
def test_a_vocabulary_that_is_no_regular_file_is_never_read(tmp_path, kind):
    pipe = tmp_path / "vocab.txt"
    os.mkfifo(pipe)
    for path, what in ((pipe, "a pipe"), ("/dev/zero", "a device"), (tmp_path, "a directory")):
        with pytest.raises(VocabularyError, match=f"{what}, not a regular file"):
            kind(vocabulary=path).native  # noqa: B018  it is read when it is asked for
