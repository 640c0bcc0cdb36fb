"""Each room's face: every name that it lists is there, from the home that it says, documented."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.tree import LIBRARY, defined, face, files, path_of

STUBBED = sorted(path.parent for path in LIBRARY.rglob("__init__.pyi"))
ROOMS = sorted(
    {"impasto", *(f"impasto.{path.parent.name}" for path in LIBRARY.glob("*/__init__.py"))} - {"impasto.cli"}
)


def _names() -> Iterator[tuple[str, str, str]]:
    for room in ROOMS:
        yield from ((room, name, home) for name, home in face(room).items())


@pytest.mark.parametrize(("room", "name", "home"), list(_names()))
def test_a_public_name_comes_from_its_home_and_is_documented(room: str, name: str, home: str) -> None:
    thing = getattr(importlib.import_module(room), name)
    if inspect.ismodule(thing):
        assert thing.__name__ == home
        return
    if name == "__version__":
        return
    assert thing is getattr(importlib.import_module(home), name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        source = path_of(thing.__module__)
        assert source is not None and name in defined(source)
        assert (thing.__doc__ or "").strip(), f"{room}.{name} has no docstring"
    else:
        assert _has_comment(home, name), f"{room}.{name} has no `#:` comment"


def _has_comment(home: str, name: str) -> bool:
    """Whether a constant or a type's name has a comment that documents it."""
    path = path_of(home)
    assert path is not None
    if path.stem == "__init__":
        return _has_comment(face(home)[name], name)
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith((f"{name} =", f"{name}:")))
    return lines[at - 1].startswith("#: ")


@pytest.mark.parametrize("folder", STUBBED, ids=lambda path: path.relative_to(LIBRARY.parent).as_posix())
def test_a_stub_is_what_there_is_at_run_time(folder: Path) -> None:
    """Type checkers and the lazy loader read the same list, and neither knows a name more."""
    module = ".".join(folder.relative_to(LIBRARY.parent).parts)
    found = importlib.import_module(module)
    assert set(found.__all__) == set(dir(found)) == set(face(module)) - {"__version__"}


def test_every_face_of_the_library_is_checked() -> None:
    assert {path.parent.name for path in files(LIBRARY) if path.name == "__init__.py"} >= {
        room.rpartition(".")[2] for room in ROOMS
    }
