"""Imports go one way: the house's plan, checked in the syntax trees, imports inside functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import impasto
import impasto_lab

LIBRARY = Path(impasto.__file__).parent
LAB = Path(impasto_lab.__file__).parent

#: What every room may import.
GROUND = {"errors", "checks", "streams", "files", "weights", "extras", "progress", "moved", "_core"}
#: What each room of the library may import besides.
ROOMS: dict[str, set[str]] = {
    "recipe": set(),
    "sources": set(),
    "plan": {"recipe"},
    "batch": {"plan"},
    "ops": {"recipe", "plan"},
    "style": {"recipe", "batch"},
    "mixgen": {"ops", "recipe", "plan", "batch"},
    "loading": {"sources", "ops", "recipe", "plan", "batch"},
    "jobs": {"sources", "loading", "ops", "style", "mixgen", "recipe", "plan", "batch"},
    "cli": {"jobs", "sources", "loading", "ops", "style", "mixgen", "recipe", "plan", "batch"},
}
#: What each room of the lab may import of the lab.
LAB_ROOMS: dict[str, set[str]] = {
    "worlds": set(),
    "models": set(),
    "metrics": set(),
    "training": set(),
    "tasks": {"models", "metrics", "training"},
    "bench": {"worlds", "models", "training"},
    "report": {"training"},
    "experiments": {"worlds", "models", "metrics", "training", "tasks", "bench", "report"},
    "cli": {"worlds", "models", "metrics", "training", "tasks", "bench", "report", "experiments"},
}
ENTRANCES = {"__init__", "__main__"}


def _room(path: Path, package: Path) -> str:
    return path.relative_to(package).parts[0].removesuffix(".py")


def _files(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] in ("impasto", "impasto_lab"))


def test_every_room_is_in_the_plan() -> None:
    assert {_room(path, LIBRARY) for path in _files(LIBRARY)} - ENTRANCES <= set(ROOMS) | GROUND
    assert {_room(path, LAB) for path in _files(LAB)} - ENTRANCES == set(LAB_ROOMS)


@pytest.mark.parametrize("path", _files(LIBRARY), ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_the_library_imports_down_and_by_faces(path: Path) -> None:
    room = _room(path, LIBRARY)
    wrong = []
    for line, name in _imported(path):
        package, *parts = name.split(".")
        if package == "impasto_lab":
            wrong.append(f"line {line} imports {name}: the library knows no lab")
        elif not parts or parts[0] in GROUND or parts[0] == room or (room in ENTRANCES and parts[0] == "cli"):
            continue
        elif parts[0] not in ROOMS.get(room, set()):
            wrong.append(f"line {line} imports {name}: {room} may not")
        elif len(parts) > 2:
            wrong.append(f"line {line} imports {name}: past the face of {parts[0]}")
    assert not wrong


@pytest.mark.parametrize("path", _files(LAB), ids=lambda path: path.relative_to(LAB).as_posix())
def test_the_lab_imports_down_and_the_library_by_its_faces(path: Path) -> None:
    room = _room(path, LAB)
    wrong = []
    for line, name in _imported(path):
        package, *parts = name.split(".")
        if package == "impasto":
            if len(parts) > 2:
                wrong.append(f"line {line} imports {name}: past the face of {parts[0]}")
        elif parts and parts[0] != room and room not in ENTRANCES and parts[0] not in LAB_ROOMS[room]:
            wrong.append(f"line {line} imports {name}: {room} may not")
    assert not wrong


@pytest.mark.parametrize("room", sorted(GROUND - {"_core"}))
def test_the_ground_floor_stands_by_itself(room: str) -> None:
    assert {name.split(".")[1] for _, name in _imported(LIBRARY / f"{room}.py")} <= GROUND
