"""What is declared is what is imported, and what is linked is what is noticed."""

from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import impasto
import impasto_lab

PACKAGE = Path(impasto.__file__).parent
LAB = Path(impasto_lab.__file__).parent
ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = DECLARED["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
#: Packages of peers that are installed by `make bench-peers` alone, by their modules where the names differ.
PEERS = {
    "cv2": "opencv-python-headless",
    "nvidia": "nvidia-dali-cuda120",
    "spdl": "spdl-io",
    "streaming": "mosaicml-streaming",
    "turbojpeg": "pyturbojpeg",
}


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
def _all_distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _distributions(module: str) -> set[str]:
    return {name.lower().replace("_", "-") for name in _all_distributions().get(module.partition(".")[0], [])}


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
    development = ("all", "frameworks", "test", "lint", "docs")
    users = [requirement for name, extra in EXTRAS.items() if name not in development for requirement in extra]
    assert _brings(EXTRAS["all"]) == _brings(users)


def test_extras_are_those_of_the_plan() -> None:
    assert set(EXTRAS) == {
        "clip",
        "arrow",
        "boxes",
        "fetch",
        "hf",
        "lmdb",
        "ray",
        "remote",
        "style",
        "tokenizers",
        "tracking",
        "clean",
        "cli",
        "lab",
        "peers",
        "all",
        "frameworks",
        "test",
        "lint",
        "docs",
    }


@pytest.mark.parametrize(("file", "module", "extra"), sorted(set(_needs())))
def test_the_extra_that_is_named_brings_the_module(file: str, module: str, extra: str) -> None:
    assert _distributions(module) & _brings(EXTRAS[extra])


def _foreign(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """What is imported of others: neither the standard library's nor ours."""
    for node in nodes:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.partition(".")[0] not in {*sys.stdlib_module_names, "impasto", "impasto_lab"}:
                yield name


def test_what_the_library_imports_at_once_is_declared() -> None:
    """Outside of functions only the standard library, ourselves and declared dependencies are imported.

    Triton comes with a torch for GPUs; its room is entered by name alone, where it is asked for.
    """
    declared = _brings(PROJECT["dependencies"])
    undeclared = [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for name in _foreign(ast.parse(path.read_text(encoding="utf-8")).body)
        if not _distributions(name) & declared
        and not (path.parent == PACKAGE / "style" / "run" / "fused" and name.partition(".")[0] == "triton")
    ]
    assert not undeclared


def test_what_the_wheel_is_asked_for_is_there() -> None:
    """`make check-wheel` looks for these files, after a build of minutes."""
    tree = ast.parse((ROOT / ".ci" / "smoke.py").read_text(encoding="utf-8"))
    (wanted,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CONTENTS"
    )
    built = PACKAGE.parent
    assert not {path for path in wanted if not (built / path).exists()}


def test_what_the_lab_imports_is_in_its_extra() -> None:
    """Plain imports, anywhere in a file: those of benches may be of peers, all others are `impasto[lab]`'s.

    Peers that no other environment has are in a group; what isn't installed is told by its name. Who finds us by an
    entry point of theirs is there when they import us.
    """
    hosts = {group.partition(".")[0] for group in PROJECT["entry-points"]}
    lab = _brings([*PROJECT["dependencies"], *EXTRAS["lab"]])
    peers = lab | _brings(EXTRAS["peers"])
    group = _brings(DECLARED["dependency-groups"]["peers"])
    assert set(PEERS.values()) <= group
    undeclared = [
        f"{path.relative_to(LAB)}: {name}"
        for path in sorted(LAB.rglob("*.py"))
        for name in _foreign(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        if not _distributions(name) & (peers if path.is_relative_to(LAB / "bench") else lab)
        and not (path.is_relative_to(LAB / "bench") and _peer(name) in group)
        and not (path.stem in hosts and path.stem == name.partition(".")[0])
    ]
    assert not undeclared


def _peer(module: str) -> str:
    top = module.partition(".")[0]
    return PEERS.get(top, top.replace("_", "-"))


def test_the_lab_imports_plainly() -> None:
    """Types are checked through an import, not through `need`: the verb that is run names what is missing."""
    users = [
        path.relative_to(LAB).as_posix()
        for path in sorted(LAB.rglob("*.py"))
        if path.relative_to(LAB).parts[0] != "cli" and "impasto.extras" in path.read_text(encoding="utf-8")
    ]
    assert not users


def test_a_missing_package_is_named_with_its_extra() -> None:
    from impasto.extras import need

    with pytest.raises(impasto.MissingExtraError, match=r"pip install 'impasto\[lab\]'") as caught:
        need("no_such_package.part", "lab")
    assert isinstance(caught.value, ImportError)


def test_a_package_that_is_broken_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.extras import need

    (tmp_path / "broken_package.py").write_text("import what_it_needs_in_turn\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="what_it_needs_in_turn"):
        need("broken_package", "lab")


@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not on the path")
def test_the_notices_are_of_what_is_linked() -> None:
    script = [sys.executable, str(ROOT / ".ci" / "third_party_notices.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
