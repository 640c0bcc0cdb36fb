"""Settings of jobs: checked at once, readable without torch, documented field by field."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from typing import Any

import pytest

import impasto
from impasto.jobs import StylizeSettings


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"copies": 0}, "copies=0"),
        ({"alpha": 1.5}, "alpha=1.5"),
        ({"ratio": "2"}, "ratio='2'"),
        ({"seed": -1}, "seed=-1"),
        ({"format": "gif"}, "format='gif'"),
        ({"quality": 101}, "quality=101"),
        ({"size": 0}, "size=0"),
        ({"shard_size": 0}, "shard_size=0"),
        ({"batch_size": 65}, "batch_size=65"),
        ({"on_error": "replace"}, "on_error='replace'"),
        ({"prefix": "a/b"}, "prefix='a/b'"),
    ],
)
def test_settings_that_make_no_sense(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(impasto.RecipeError, match=reason):
        StylizeSettings(**changes)


def test_fields_can_be_read_without_torch() -> None:
    code = """
import sys, typing
from impasto.jobs.stylize_settings import StylizeSettings
assert "alpha" in typing.get_type_hints(StylizeSettings)
print("torch" in sys.modules, "numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]


def test_every_field_is_documented() -> None:
    for name in dataclasses.fields(StylizeSettings):
        assert f"\n        {name.name}: " in inspect.getdoc(StylizeSettings).replace("\n    ", "\n        ")
