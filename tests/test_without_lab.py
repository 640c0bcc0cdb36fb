"""The library's tests, this one among them, see no lab: not where they are collected, not where they run."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

REASON = "the library's tests run without impasto_lab"

try:
    importlib.import_module("impasto_lab")
    AT_COLLECTION = ""
except ModuleNotFoundError as error:
    AT_COLLECTION = str(error)


def test_the_lab_is_hidden_where_tests_are_collected() -> None:
    assert AT_COLLECTION == REASON


@pytest.mark.parametrize("name", ["impasto_lab", "impasto_lab.worlds"])
def test_the_lab_is_hidden_where_tests_run(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=REASON):
        importlib.import_module(name)


def test_the_lab_is_hidden_from_processes() -> None:
    done = subprocess.run([sys.executable, "-c", "import impasto_lab"], capture_output=True, text=True)
    assert REASON in done.stderr
    subprocess.run([sys.executable, "-c", "import impasto"], check=True)
