"""Arguments of a wrong kind raise errors of ours, which name the argument; nothing waits for a pipe."""

import os

import pytest

from impasto import CheckpointError, RecipeError, StyleRandomizer
from impasto.style import load_features

from .conftest import tiny_model


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: StyleRandomizer.load(5), "path=5 must be a path"),
        (lambda: StyleRandomizer(5), "model must be of kind StyleModel"),
        (lambda: StyleRandomizer(tiny_model(), dtype="x"), "dtype='x'"),
        (lambda: StyleRandomizer(tiny_model(), shared="no"), "shared='no' must be True or False"),
        (lambda: StyleRandomizer(tiny_model()).draw(2.5), "count=2.5"),
    ],
)
def test_a_wrong_kind_is_named(call, names):
    with pytest.raises(RecipeError, match=names):
        call()


@pytest.mark.parametrize("name", ["pipe.safetensors", "vgg16-pipe.pth"])
def test_a_model_that_is_no_regular_file_is_never_read(tmp_path, name):
    os.mkfifo(tmp_path / name)
    load = StyleRandomizer.load if name.endswith("tensors") else load_features
    with pytest.raises(CheckpointError, match="a pipe, not a regular file"):
        load(tmp_path / name)
