"""The whole command line: all verbs are listed, loaded by name, light until they run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from impasto.cli import Group, Verb
from impasto_lab.cli import VERBS, main, parser

ROOT = Path(__file__).parents[3]


def _walk() -> Iterator[tuple[str, Verb]]:
    for name, entry in VERBS.items():
        if isinstance(entry, Group):
            yield from ((f"{name} {inner}", verb) for inner, verb in entry.verbs.items())
        else:
            yield name, entry


ALL = dict(_walk())
PAGES = [*ALL, *(name for name, entry in VERBS.items() if isinstance(entry, Group))]

#: The least that each verb is told: enough to begin.
LEAST = {
    "demo": "--out out",
    "info": "data",
    "fetch": "data out",
    "clean": "data out",
    "pack": "data out",
    "verify": "data",
    "stylize": "data/0.png out.png",
    "show mixgen": "data",
    "style train": "--content data --style data --out out",
    "style stats": "--style data --out out.safetensors",
    "train pretrain": "--data data --out out",
    "train retrieval": "--from data --data data --out out",
    "train vqa": "--from data --data data --out out",
    "evaluate retrieval": "data --data data",
    "evaluate vqa": "data --data data",
    "train snli-ve": "--from data --data data --out out",
    "train grounding": "--from data --data data --out out",
    "train captioning": "--from data --data data --out out",
    "evaluate captioning": "data --data data",
    "evaluate zero-shot": "data --data data",
    "evaluate grounding": "data --data data",
    "train nlvr2": "--from data --data data --out out",
    "evaluate snli-ve": "data --data data",
    "evaluate nlvr2": "data --data data",
    "bench loader": "--quick",
    "bench decode": "--quick",
    "bench resize": "--quick",
    "bench tokenize": "--quick",
    "bench mix": "--quick",
    "bench style": "--quick",
    "bench clean": "--quick",
    "bench packing": "--quick",
    "bench scale": "--quick",
    "bench retrieval": "--quick",
    "bench train-step": "--quick",
    "reproduce demo": "--size smoke",
    "reproduce digits": "--size smoke",
    "reproduce medical": "--size smoke",
    "reproduce social": "--size smoke",
    "reproduce rivals": "--size smoke",
    "reproduce default-style": "--size smoke",
    "reproduce detection": "--size smoke",
    "reproduce segmentation": "--size smoke",
    "reproduce stl10": "--size smoke",
    "reproduce office31": "--size smoke",
    "reproduce style-search": "--size smoke",
    "reproduce figure3": "--size smoke",
    "reproduce table3": "--size smoke",
    "reproduce table1": "--size smoke",
    "reproduce table4": "--size smoke",
    "reproduce table5": "--size smoke",
    "reproduce figure4": "--size smoke",
    "reproduce table6": "--size smoke",
    "reproduce table7": "--size smoke",
    "reproduce figure5": "--size smoke",
    "reproduce figure6": "--size smoke",
    "reproduce representation": "--size smoke",
    "reproduce captioning": "--size smoke",
    "analyze shift": "--experiment out",
    "report": "data",
    "analyze embeddings": "out --data data",
    "world scenes": "out",
    "world styles": "out",
    "world detect": "out",
    "world segment": "out",
    "world stl10-like": "out",
    "world office31-like": "out",
    "world mug": "out.png",
    "world tasks": "out",
}

_HELP = """
import contextlib, io, json, sys
from impasto_lab.cli import main, parser
parser().format_help()
found = {"": sorted(sys.modules)}
for page in json.loads(sys.argv[1]):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main([*page.split(), "--help"])
    found[page] = sorted(sys.modules)
print(json.dumps(found))
"""

_WITHOUT_EXTRAS = """
import contextlib, io, json, sys
from impasto_lab.cli import main
sys.modules.update(dict.fromkeys(["rich", "PIL", "skimage", "sklearn", "matplotlib", "jinja2", "torchvision"]))
told = {}
for verb, least in json.loads(sys.argv[1]).items():
    with contextlib.redirect_stderr(io.StringIO()) as error:
        status = main([*verb.split(), *least.split()])
    told[verb] = [status, error.getvalue()]
print(json.dumps(told))
"""


def _told(code: str, given: object, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-c", code, json.dumps(given)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What has been imported after each page of help, from the first on."""
    return _told(_HELP, PAGES, tmp_path_factory.mktemp("help"))


@pytest.fixture(scope="module")
def without_extras(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Exit status and standard error of every verb, where no extra is installed."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "data").mkdir()
    PIL.Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "data" / "0.png")
    (folder / "data" / "0.txt").write_text("nothing", encoding="utf-8")
    return _told(_WITHOUT_EXTRAS, LEAST, folder)


def test_help_lists_verbs_and_imports_none(imported: dict[str, Any]) -> None:
    listed = re.findall(r"^    ([a-z-]+) +\S", parser().format_help(), re.MULTILINE)
    assert listed == list(VERBS)
    assert not {verb.module for verb in ALL.values()} & set(imported[""])


@pytest.mark.parametrize("page", PAGES)
def test_help_imports_one_verb_and_nothing_heavy(page: str, imported: dict[str, Any]) -> None:
    before = list(imported)[list(imported).index(page) - 1]
    new = set(imported[page]) - set(imported[before])
    assert not {"torch", "numpy", "matplotlib", "rich", "PIL", "jinja2"} & new
    # Experiments share a module.
    asked = ({ALL[page].module} if page in ALL else set()) - set(imported[before])
    assert {verb.module for verb in ALL.values()} & new == asked


@pytest.mark.parametrize("page", ["", *PAGES])
def test_help_has_an_example(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*page.split(), "--help"])
    example = capsys.readouterr().out.partition("example")[2]
    assert f"impasto {page}".strip() in example


@pytest.mark.parametrize("verb", ALL)
def test_a_missing_extra(verb: str, without_extras: dict[str, Any]) -> None:
    status, error = without_extras[verb]
    assert status == 1
    found = re.fullmatch(
        r"impasto: MissingExtraError: (\w+) is not installed; pip install 'impasto\[([\w,]+)\]'\n", error
    )
    assert found, error
    # What the library itself misses, it names by an extra of its own.
    assert found[2] == ALL[verb].extra or found[1] != "rich"


@pytest.mark.parametrize("verb", ALL)
def test_the_extra_of_a_verb_exists(verb: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(ALL[verb].extra.split(",")) <= set(project["optional-dependencies"])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "required: VERB"),
        (["styl"], "did you mean 'style'?"),
        (["world", "scene"], "did you mean 'scenes'?"),
        (["world"], "required: VERB"),
        (["world", "scenes", "out", "--size", "huge"], "--size: invalid choice: 'huge'"),
        (["style", "train", "--content", "a"], "required: --style, --out"),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line(words: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    error = capsys.readouterr().err
    assert error.startswith("usage: impasto")
    assert reason in error


def test_an_error_of_ours_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("not a world", encoding="utf-8")
    assert main(["world", "scenes", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"impasto: SourceError: {tmp_path}: ")
    assert error.count("\n") == 1


def test_the_library_has_its_verbs_alone() -> None:
    done = subprocess.run([sys.executable, "-m", "impasto", "world"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "no verb is called 'world'" in done.stderr
