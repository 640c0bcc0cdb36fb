"""Rooms are small and hold what their names say: sizes, sub-rooms, names of files, docstrings."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from house.tree import LAB, LIBRARY, ROOT, dotted, face, files, path_of, short, tree

LINES = 400
FILES = 15
#: Files that are longer still.
LONG: set[str] = set()
#: Public names of two things each: one of them wants another.
TWICE: set[str] = set()

SOURCES = sorted(
    path
    for folder in ("python", "tests", "benches", "rust", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".pyi", ".rs") and "target" not in path.relative_to(ROOT).parts
)
FACES = sorted(dotted(path) for path in [*files(LIBRARY), *files(LAB)] if path.name == "__init__.py")


def test_no_file_is_long() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path.relative_to(ROOT).as_posix() for path, count in lines.items() if count > LINES} == LONG


def test_a_large_room_has_rooms_of_its_own() -> None:
    rooms: dict[Path, int] = defaultdict(int)
    for path in [*files(LIBRARY), *files(LAB)]:
        rooms[path.parent] += path.stem not in ("__init__", "__main__")
    assert not {short(room): count for room, count in rooms.items() if count > FILES}


@pytest.mark.parametrize("path", [path for path in SOURCES if path.suffix != ".rs"], ids=lambda path: path.name)
def test_a_file_says_what_it_holds(path: Path) -> None:
    assert ast.get_docstring(tree(path)), path


@pytest.mark.parametrize("module", FACES)
def test_no_file_has_the_name_of_a_public_function(module: str) -> None:
    """Once anything imports the file, its module would stand where the function stood."""
    path = path_of(module)
    assert path is not None
    beside = {other.stem for other in path.parent.iterdir() if other.suffix == ".py" or other.is_dir()}
    names = {name for name, home in face(module).items() if home != f"{module}.{name}"}
    assert not names & beside


def test_a_name_has_one_meaning() -> None:
    """Functions and classes that two files of the library define; each verb of the command line has its own ``run``."""
    homes: dict[str, set[str]] = defaultdict(set)
    for path in files(LIBRARY):
        if path.is_relative_to(LIBRARY / "cli"):
            continue
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].add(short(path))
    assert {name for name, found in homes.items() if len(found) > 1} == TWICE
