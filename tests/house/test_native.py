"""Nothing of the native module is forgotten: every name is used by the Python face, or said here why not."""

from __future__ import annotations

import ast
from pathlib import Path

import impasto
import impasto_lab
from impasto import _core

PACKAGES = [Path(package.__file__).parent for package in (impasto, impasto_lab)]

UNUSED: dict[str, str] = dict.fromkeys(
    ("CropBox", "Finished", "Header", "Loaded"), "what a call returns: its members are read, its name is not needed"
)


def _public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def _used() -> tuple[set[str], set[str]]:
    """Names imported from `_core` or read from it, and names of attributes read from anything."""
    names: set[str] = set()
    attributes: set[str] = set()
    for path in (path for package in PACKAGES for path in package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "impasto._core":
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Attribute):
                attributes.add(node.attr)
                if isinstance(node.value, ast.Name) and node.value.id == "_core":
                    names.add(node.attr)
    return names, attributes


def test_every_native_function_and_class_is_used() -> None:
    names, _ = _used()
    assert _public(_core) - names - set(UNUSED) == set()


def test_every_native_method_is_used() -> None:
    _, attributes = _used()
    classes = [getattr(_core, name) for name in _public(_core) if isinstance(getattr(_core, name), type)]
    members = {f"{cls.__name__}.{member}" for cls in classes for member in _public(cls)}
    assert {member for member in members if member.split(".")[1] not in attributes} - set(UNUSED) == set()


def test_the_excuses_are_still_needed() -> None:
    names, attributes = _used()
    assert not {name for name in UNUSED if name.rpartition(".")[2] in names | attributes}
