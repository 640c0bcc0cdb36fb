"""The house as its syntax trees have it: files, rooms, what imports what, what each face offers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import impasto
import impasto_lab

ROOT = Path(__file__).parents[2]
LIBRARY = Path(impasto.__file__).parent
LAB = Path(impasto_lab.__file__).parent


def files(package: Path) -> list[Path]:
    """A package's files."""
    return sorted(package.rglob("*.py"))


def short(path: Path) -> str:
    """A file's path from the folder of both packages."""
    return path.relative_to(LIBRARY.parent).as_posix()


def dotted(path: Path) -> str:
    """The name of the module that a file is; a face has its room's."""
    return ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts).removesuffix(".__init__")


def path_of(module: str) -> Path | None:
    """The file that a module of ours is, the stub of a lazily loaded face; None where there is none."""
    place = LIBRARY.parent.joinpath(*module.split("."))
    candidates = (place / "__init__.pyi", place / "__init__.py", place.with_suffix(".py"), place.with_suffix(".pyi"))
    return next((path for path in candidates if path.exists()), None)


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[tuple[int, str, str | None], ...]:
    """What a file imports of ours, anywhere in it: line, module, and the name in it, or None for the module itself."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[tuple[int, str, str | None]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found: list[tuple[str, str | None]] = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if path.name == "__init__.pyi" and node.level == 1:
                module = ".".join(filter(None, (dotted(path), module)))
            else:
                assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            found = [(module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in found:
            if module.split(".")[0] in ("impasto", "impasto_lab"):
                below = f"{module}.{name}"
                yield (node.lineno, below, None) if name and path_of(below) else (node.lineno, module, name)


@cache
def face(module: str) -> dict[str, str]:
    """The public names of a package's face, each with the module that the face takes it from."""
    path = path_of(module)
    assert path is not None and path.stem == "__init__", f"{module} is no package"
    own = {name: module for name in defined(path) if not name.startswith("_")}
    taken = {name or home.rpartition(".")[2]: home for _, home, name in imports(path)}
    return own | {name: home for name, home in taken.items() if home != "impasto.moved"}


@cache
def defined(path: Path) -> frozenset[str]:
    """The names that a file defines itself, at its outermost level."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return frozenset(names)
