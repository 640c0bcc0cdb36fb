"""Imports go one way: DESIGN's order, checked in the source, imports inside functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import impasto

PACKAGE = Path(impasto.__file__).parent

# From the top down; what stands in one row are peers, which do not import each other.
LAYERS: list[set[str]] = [
    {"cli"},
    {"experiments", "bench"},
    {"report"},
    {"tasks"},
    {"models", "style", "loading", "worlds"},
    {"training"},
    {"ops"},
    {"recipe", "batch"},
    {"mixgen", "plan", "tokenizers"},
    {"augment"},
    {"_optional", "checks"},
    {"errors"},
    {"_core"},
]
# Doors of the public face, which nothing inside goes through.
DOORS = {"__init__", "__main__", "sources"}
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def _units() -> dict[str, list[Path]]:
    """The parts of the package, with their files."""
    units: dict[str, list[Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        units.setdefault(first, []).append(path)
    return units


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "impasto" else [module]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] == "impasto")


def test_every_part_has_a_layer() -> None:
    assert set(_units()) - DOORS <= set(RANK)


@pytest.mark.parametrize("unit", sorted(set(_units()) - DOORS))
def test_imports_go_down(unit: str) -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for path in _units()[unit]
        for line, name in _imported(path)
        # A bare `import impasto` (for its version, say) names no part.
        if (parts := name.split("."))[1:] and parts[1] in RANK and parts[1] != unit and RANK[parts[1]] <= RANK[unit]
    ]
    assert not wrong


def test_no_part_reaches_up_through_the_package_itself() -> None:
    """`from impasto import Loader` would hide where it comes from; inside the package the home is named."""
    public = set(impasto.__all__) - {"ops", "style"}
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for paths in _units().values()
        for path in paths
        if path.parent != PACKAGE or path.name != "__init__.py"
        for line, name in _imported(path)
        if name.split(".")[1:2] and name.split(".")[1] in public
    ]
    assert not wrong
