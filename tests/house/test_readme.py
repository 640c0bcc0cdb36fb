"""README and its pages are true: their Python runs, figures are those of benches/results/, verbs and names exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import impasto
from house.tree import LIBRARY
from impasto_lab.cli import VERBS
from impasto_lab.worlds import render_scenes

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: What README leaves to pages of its own, whose examples go on from README's.
DETAILS = (
    "first-batch.md",
    "safety.md",
    "data.md",
    "loader.md",
    "scale.md",
    "remote.md",
    "batches.md",
    "captions.md",
    "mixgen.md",
    "style.md",
    "augmentations.md",
    "views.md",
    "packing.md",
    "migrating.md",
    "cleaning.md",
)


def _blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the examples run: beside the world that README tells to render."""
    folder = tmp_path_factory.mktemp("readme")
    render_scenes(folder / "scenes", size="tiny")
    return folder


def test_the_examples_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "readme"}
    blocks = _blocks(README)
    for number, block in enumerate(blocks):
        exec(compile(block, f"README.md, Python block {number}", "exec"), names)
    assert len(blocks) >= 4
    assert names["loader"].batch_size == 32 and names["first"].images.shape == (32, 3, 224, 224)
    for page in DETAILS:
        own = dict(names)
        for number, block in enumerate(_blocks((ROOT / "docs" / page).read_text(encoding="utf-8"))):
            exec(compile(block, f"{page}, Python block {number}", "exec"), own)
    replaced = [json.loads(line) for line in (folder / "bad_samples.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {bad["error"] for bad in replaced} == {"SourceError", "DecodeError"}


def test_the_tables_are_those_of_the_results() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "readme_tables.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_table_of_sources_is_complete() -> None:
    table = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    listed = [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]
    named = {name: value for name, value in vars(impasto.sources).items() if isinstance(value, type)}
    assert set(listed) == {name for name, value in named.items() if ".sources.formats." in value.__module__}


def test_the_table_of_verbs_is_complete() -> None:
    listed = re.findall(r"^\| `impasto (\w+)", README, re.MULTILINE)
    assert set(listed) == set(VERBS)
    assert len(VERBS) == len(listed)


def test_the_kernels_that_are_named_exist() -> None:
    page = (ROOT / "docs" / "mixgen.md").read_text(encoding="utf-8")
    sentence = re.search(r"`impasto\.ops` also has (.*?)\.\n", page, re.DOTALL)
    assert sentence
    for name in re.findall(r"`(\w+)`", sentence[1]):
        assert callable(getattr(impasto.ops, name))


def test_the_targets_that_are_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|\$ )make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


BATCH, SOME = "impasto.batch.Batch", "dict[str, Any]"
#: What a loader yields in a form, and what is wrong.
FORMS = {
    "None": BATCH,
    '"huggingface"': SOME,
    '"open_clip"': "tuple[Any, ...]",
    '{"pixels": "images"}': SOME,
    "lambda batch: batch.keys[0]": "str",
}
WRONG = ["batch.pictures", "impasto.Loader(data, recipe, batch_size=2, workers='2')"]


def _typed(path: Path) -> list[str]:
    """Writes README's quick start, and asks for the types of what comes out."""
    loaders = [
        call.format(form=form)
        for call in (
            "impasto.Loader(data, recipe, batch_size=2, form={form})",
            "impasto.Loader.evaluation(data, recipe, batch_size=2, form={form})",
            "impasto.loading.prefetch(loader, 'cpu', form={form})",
        )
        for form in FORMS
    ]
    begun, said = _blocks(README.partition("## Quick start")[2])[:2]
    lines = [
        *begun.splitlines(),
        "    reveal_type(batch)",
        *(f"    {line}" for line in said.splitlines()),  # what a batch says besides, of each batch
        *(f"reveal_type(next(iter({loader})))" for loader in loaders),
        "def given(loader: impasto.Loader) -> None: ...",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return [BATCH, *list(FORMS.values()) * 3]


@pytest.mark.timeout(300)
def test_the_quick_start_has_types(tmp_path: Path) -> None:
    """It passes ``mypy --strict``, and what a loader yields is known in every form."""
    pytest.importorskip("mypy")
    checked = tmp_path / "quick_start.py"
    expected = _typed(checked)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), str(checked)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    told = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert done.returncode == 0, done.stdout
    assert [name.replace("builtins.", "") for name in told] == expected
    checked.write_text("\n".join([checked.read_text(encoding="utf-8"), *WRONG]), encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert re.findall(r": error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE) == ["attr-defined", "call-overload"]


@pytest.mark.timeout(300)
def test_the_quick_start_has_types_for_pyright(tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    checked = tmp_path / "quick_start.py"
    expected = [name.removeprefix("impasto.batch.") for name in _typed(checked)]
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(LIBRARY.parent)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")

    def run() -> list[dict[str, Any]]:
        command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", str(checked)]
        done = subprocess.run([*command, "-p", str(tmp_path)], capture_output=True, text=True)
        found: list[dict[str, Any]] = json.loads(done.stdout)["generalDiagnostics"]
        return found

    told = run()
    assert [one["message"] for one in told if one["severity"] != "information"] == []
    assert [re.findall(r'is "(.*)"$', one["message"])[0] for one in told] == expected
    checked.write_text("\n".join([checked.read_text(encoding="utf-8"), *WRONG]), encoding="utf-8")
    rules = {one.get("rule") for one in run() if one["severity"] == "error"}
    assert {"reportAttributeAccessIssue", "reportArgumentType"} <= rules
