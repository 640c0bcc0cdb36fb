"""README and the site name what exists: names, arguments, commands, files, links; the reference leaves nothing out."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import impasto_lab.cli
from house.tree import LIBRARY, ROOT, face

PAGES = [ROOT / "README.md", LIBRARY / "style" / "weights" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ROOMS = sorted(f"impasto.{path.parent.name}" for path in LIBRARY.glob("*/__init__.py") if path.parent.name != "cli")

DOTTED = re.compile(r"(?<![\w/])impasto(?:_lab)?(?:\.[A-Za-z_]\w*)+")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def _blocks(page: Path, kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall(page.read_text(encoding="utf-8")) if found == kind]


def _spans(page: Path) -> list[str]:
    """Code in prose."""
    prose = BLOCK.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in SPAN.findall(prose)]


@cache
def _resolve(dotted: str) -> Any:
    """What a full name names, through attributes and modules.

    Raises:
        AttributeError: If nothing has that name.
    """
    first, *rest = dotted.split(".")
    thing, name = importlib.import_module(first), first
    for part in rest:
        name = f"{name}.{part}"
        try:
            thing = getattr(thing, part)
        except AttributeError:
            try:
                thing = importlib.import_module(name)
            except ImportError:
                raise AttributeError(f"{dotted}: there is no {name}") from None
    return thing


@cache
def _public() -> dict[str, list[Any]]:
    """What the library's faces offer, by its own name."""
    found: dict[str, list[Any]] = {}
    for room in ("impasto", *ROOMS):
        for name in face(room):
            if not name.startswith("__"):
                found.setdefault(name, []).append(_resolve(f"{room}.{name}"))
    return found


@cache
def _parameters() -> set[str]:
    """Every argument that something public takes, methods included."""
    things = [thing for offered in _public().values() for thing in offered if callable(thing)]
    methods = [
        getattr(thing, name) for thing in things if inspect.isclass(thing) for name in vars(thing) if name[0] != "_"
    ]
    names: set[str] = set()
    for thing in (*things, *filter(callable, methods)):
        try:
            names |= set(inspect.signature(thing).parameters)
        except (TypeError, ValueError):
            continue
    return names


def _unknown_arguments(call: ast.Call) -> list[str]:
    """Arguments of a call of ours that it does not take; calls of others' functions are not looked at."""
    function = ast.unparse(call.func)
    if not re.fullmatch(r"[\w.]+", function):
        return []
    tail = function.removeprefix("impasto.")
    if DOTTED.fullmatch(function):
        thing = _resolve(function)
    elif tail.split(".")[0] in _public():
        thing = _public()[tail.split(".")[0]][0]
        for part in tail.split(".")[1:]:
            thing = getattr(thing, part)
    else:
        return []
    if not callable(thing):  # a variable has the name
        return []
    taken = inspect.signature(thing).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values()):
        return []
    return [f"{function}({keyword.arg}=)" for keyword in call.keywords if keyword.arg and keyword.arg not in taken]


@pages
def test_names_exist(page: Path) -> None:
    for dotted in sorted(set(DOTTED.findall(page.read_text(encoding="utf-8")))):
        _resolve(dotted)


@pages
def test_arguments_exist(page: Path) -> None:
    unknown: list[str] = []
    for text in (*_blocks(page, "python"), *_spans(page)):
        bare = re.fullmatch(r"(\w+)=\S.*", text)
        if bare:
            unknown += [text] if bare[1] not in _parameters() else []
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        unknown += [name for call in ast.walk(tree) if isinstance(call, ast.Call) for name in _unknown_arguments(call)]
    assert not unknown


@cache
def _help(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "impasto_lab", *words, "--help"],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _commands(page: Path) -> list[str]:
    """Command lines, of console blocks and of prose, without their comments."""
    lines = [line.removeprefix("$ ") for block in _blocks(page, "console") for line in block.splitlines()]
    return [line.partition("  #")[0].strip() for line in (*lines, *_spans(page))]


@pages
def test_commands_exist(page: Path) -> None:
    for line in _commands(page):
        program, *words = line.split()
        if program == "make" and words:
            assert re.search(rf"^{re.escape(words[0])}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        elif program == "impasto" and words and words[0].islower():
            verb = [words[0]]
            if len(words) > 1 and re.search(rf"^ +{re.escape(words[1])}(?: |$)", _help(*verb), re.MULTILINE):
                verb.append(words[1])
            for flag in (word for word in words if word.startswith("--")):
                assert re.search(rf"{flag}\b", _help(*verb)), f"{line}: {' '.join(verb)} has no {flag}"
        elif program in ("pytest", "python"):
            for word in words:
                assert not word.endswith(".py") or (ROOT / word).exists(), f"{line}: there is no {word}"


@pages
def test_files_exist(page: Path) -> None:
    """What links lead to, and paths from the top of the repository."""
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        assert "://" in link or (page.parent / link).exists(), f"{page.name} links to {link}"
    tops = {path.name for path in ROOT.iterdir()}
    for span in _spans(page):
        if re.fullmatch(r"[\w.]+(?:/[\w.-]*)+", span) and span.split("/")[0] in tops:
            assert (ROOT / span).exists(), f"{page.name} names {span}"


def test_the_reference_is_complete() -> None:
    """Every public name has its place on its room's page."""
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "reference.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_command_line_is_the_one_that_is_looked_at() -> None:
    assert "impasto" in _help()
    assert callable(impasto_lab.cli.main)
