"""What is declared is what is imported, and what is linked is what is noticed."""

from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import impasto

PACKAGE = Path(impasto.__file__).parent
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~;, ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _brings(requirements: list[str]) -> set[str]:
    """Names of the distributions that requirements ask for, through our own extras."""
    names: set[str] = set()
    for requirement in requirements:
        if _name(requirement) == "impasto":
            for extra in requirement.partition("[")[2].partition("]")[0].split(","):
                names |= _brings(EXTRAS[extra.strip()])
        else:
            names.add(_name(requirement))
    return names


@functools.cache  # it reads every package's list of files
def _distributions(module: str) -> set[str]:
    return {name.lower().replace("_", "-") for name in packages_distributions().get(module.partition(".")[0], [])}


def _needs() -> list[tuple[str, str, str]]:
    """File, module and extra of every call of `need`."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "need":
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                constants = [argument.value for argument in given if isinstance(argument, ast.Constant)]
                if len(constants) == 2:  # the others loop over a tuple of names
                    found.append((str(path.relative_to(PACKAGE)), str(constants[0]), str(constants[1])))
    return found


def test_all_brings_every_extra() -> None:
    users = [
        requirement for name, extra in EXTRAS.items() if name not in ("all", "test", "lint") for requirement in extra
    ]
    assert _brings(EXTRAS["all"]) == _brings(users)


@pytest.mark.parametrize(("file", "module", "extra"), sorted(set(_needs())))
def test_the_extra_that_is_named_brings_the_module(file: str, module: str, extra: str) -> None:
    assert _distributions(module) & _brings(EXTRAS[extra])


def test_what_is_imported_at_once_is_declared() -> None:
    """Outside of functions only the standard library, ourselves and declared dependencies are imported."""
    declared = _brings(PROJECT["dependencies"])
    undeclared = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            undeclared += [
                f"{path.relative_to(PACKAGE)}: {name}"
                for name in names
                if (top := name.partition(".")[0]) not in {*sys.stdlib_module_names, "impasto"}
                and not _distributions(top) & declared
            ]
    assert not undeclared


def test_a_missing_package_is_named_with_its_extra() -> None:
    from impasto.extras import need

    with pytest.raises(impasto.MissingExtraError, match=r"pip install 'impasto\[demo\]'") as caught:
        need("no_such_package.part", "demo")
    assert isinstance(caught.value, ImportError)


def test_a_package_that_is_broken_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.extras import need

    (tmp_path / "broken_package.py").write_text("import what_it_needs_in_turn\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="what_it_needs_in_turn"):
        need("broken_package", "demo")


@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not on the path")
def test_the_notices_are_of_what_is_linked() -> None:
    script = [sys.executable, str(ROOT / ".ci" / "third_party_notices.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
