"""An old public name says its new one, however it is asked for."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest

from impasto.moved import MOVED


def _parts(name: str) -> tuple[str, str]:
    module, _, attribute = name.rpartition(".")
    return module, attribute


@pytest.mark.parametrize("old", MOVED)
def test_the_old_name_says_the_new_one(old: str) -> None:
    module, attribute = _parts(old)
    hint = rf"^{re.escape(old)} is {re.escape(MOVED[old])} now( \(.*\))?$"
    with pytest.raises(AttributeError, match=hint):
        getattr(importlib.import_module(module), attribute)
    with pytest.raises(ModuleNotFoundError, match=hint):
        importlib.import_module(old)
    with pytest.raises(ImportError, match=hint):
        exec(f"from {module} import {attribute}")


@pytest.mark.parametrize("new", sorted(set(MOVED.values())))
def test_the_new_name_is_there(new: str) -> None:
    module, attribute = _parts(new)
    home = importlib.import_module(module)
    assert hasattr(home, attribute) or importlib.import_module(new)


def test_what_is_below_an_old_module_says_so_too() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"^impasto\.worlds is impasto_lab\.worlds now$"):
        importlib.import_module("impasto.worlds.mug")


@pytest.mark.parametrize("module", ["impasto", "impasto.ops", "impasto.style"])
def test_a_name_that_never_was_is_missed_as_ever(module: str) -> None:
    home = importlib.import_module(module)
    assert not hasattr(home, "no_such_name")
    with pytest.raises(ImportError, match="cannot import name 'no_such_name'"):
        exec(f"from {module} import no_such_name")


def test_a_user_reads_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from impasto.ops import plan_at"], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1].endswith("impasto.ops.plan_at is impasto.mixgen.plan_at now")
