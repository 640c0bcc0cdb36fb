"""Imports go one way and by faces: the house's plan, checked in the syntax trees, imports inside functions included."""

from __future__ import annotations

from pathlib import Path

import pytest

from house.tree import LAB, LIBRARY, defined, dotted, face, files, imports, path_of, short

#: What every room may import.
GROUND = {"errors", "checks", "streams", "files", "weights", "extras", "messages", "progress", "moved", "_core"}
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
    "bench": {"worlds", "models", "metrics", "training", "tasks"},
    "report": {"training"},
    "experiments": {"worlds", "models", "metrics", "training", "tasks", "bench", "report"},
    "cli": {"worlds", "models", "metrics", "training", "tasks", "bench", "report", "experiments"},
}
ENTRANCES = {"__init__", "__main__"}
#: Files of a room that import each other: none may.
CIRCLES: set[frozenset[str]] = set()


def _room(path: Path) -> str:
    package = LAB if path.is_relative_to(LAB) else LIBRARY
    return path.relative_to(package).parts[0].removesuffix(".py")


def _complaints(path: Path, allowed: dict[str, set[str]]) -> list[str]:
    """What a file imports and may not: past a face, or upwards."""
    room, own = _room(path), dotted(path).partition(".")[0]
    wrong = []
    for line, module, name in imports(path):
        package, *parts = module.split(".")
        if own == "impasto" and package == "impasto_lab":
            wrong.append(f"line {line} imports {module}: the library knows no lab")
        elif not parts or (package == own and (parts[0] == room or room in ENTRANCES)):
            continue
        elif package == own and parts[0] not in allowed[room] | (GROUND if own == "impasto" else set()):
            wrong.append(f"line {line} imports {module}: {room} may not")
        elif package == "impasto" and not _by_face(parts, name):
            wrong.append(f"line {line} imports {module}.{name}: past the face of {parts[0]}")
    return wrong


def _by_face(parts: list[str], name: str | None) -> bool:
    """Whether the library's face, or a room's, has what is imported; a room that is one file offers what it defines."""
    room, *below = parts
    if room in GROUND or not (below or name):
        return True
    path = path_of(f"impasto.{room}")
    assert path is not None, room
    offered = face(f"impasto.{room}") if path.stem == "__init__" else defined(path)
    return len(below) + bool(name) == 1 and (name or below[0]) in offered


def test_every_room_is_in_the_plan() -> None:
    assert {_room(path) for path in files(LIBRARY)} - ENTRANCES <= set(ROOMS) | GROUND
    assert {_room(path) for path in files(LAB)} - ENTRANCES == set(LAB_ROOMS)


@pytest.mark.parametrize("path", files(LIBRARY), ids=short)
def test_the_library_imports_down_and_by_faces(path: Path) -> None:
    grounded = {room: set() for room in GROUND} | {entrance: set() for entrance in ENTRANCES}
    assert not _complaints(path, ROOMS | grounded)


@pytest.mark.parametrize("path", files(LAB), ids=short)
def test_the_lab_imports_down_and_the_library_by_its_faces(path: Path) -> None:
    assert not _complaints(path, LAB_ROOMS)


@pytest.mark.parametrize("room", sorted(GROUND - {"_core"}))
def test_the_ground_floor_stands_by_itself(room: str) -> None:
    assert {module.split(".")[1] for _, module, _ in imports(LIBRARY / f"{room}.py")} <= GROUND


@pytest.mark.parametrize("path", [*files(LIBRARY), *files(LAB)], ids=short)
def test_a_name_is_imported_from_its_home(path: Path) -> None:
    """From the file that defines it, or from a face; not from a file that has it from elsewhere."""
    wrong = []
    for line, module, name in imports(path):
        home = path_of(module)
        if name and home and home.stem != "__init__" and name not in defined(home):
            wrong.append(f"line {line}: {module} has {name} from elsewhere")
    assert not wrong


def _reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def test_files_of_a_room_import_each_other_without_a_circle() -> None:
    """Imports for types alone count: what can't be read without the other is one file."""
    faces = {"impasto", "impasto_lab"}
    paths = {dotted(path): path_of(dotted(path)) or path for path in [*files(LIBRARY), *files(LAB)]}
    edges = {name: {module for _, module, _ in imports(path)} - faces for name, path in paths.items()}
    reachable = {name: _reachable(name, edges) for name in edges}
    circles = {
        frozenset({name} | {other for other in reachable[name] if name in reachable.get(other, ())})
        for name in edges
        if name in reachable[name]
    }
    assert circles == CIRCLES
