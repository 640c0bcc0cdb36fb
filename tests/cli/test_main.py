"""The library's verbs: found by name, imported when they are asked for, one line for what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

import impasto
from impasto import errors
from impasto.cli import VERBS, Verb, main, output, parser

_PAGES = """
import contextlib, io, json, sys
from impasto.cli import VERBS, main, parser
parser().format_help()
found = {"": sorted(sys.modules)}
for verb in VERBS:
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main([verb, "--help"])
    found[verb] = sorted(sys.modules)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, set[str]]:
    """What has been imported after the page of each verb, from the first on."""
    done = subprocess.run([sys.executable, "-c", _PAGES], check=True, capture_output=True, text=True)
    return {verb: set(modules) for verb, modules in json.loads(done.stdout).items()}


def test_the_list_of_verbs_imports_none(imported: dict[str, set[str]]) -> None:
    assert not imported[""] & {verb.module for verb in VERBS.values() if isinstance(verb, Verb)}


@pytest.mark.parametrize("verb", VERBS)
def test_help_is_light(verb: str, imported: dict[str, set[str]]) -> None:
    assert f"impasto.cli.{verb}" in imported[verb]
    assert not {"torch", "numpy", "rich", "PIL", "impasto.loading", "impasto.ops", "impasto_lab"} & imported[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([verb, "--help"])
    page = capsys.readouterr().out
    assert f"impasto {verb} " in page.partition("example")[2]
    assert f"usage: impasto {verb} " in page


def test_help_lists_every_verb() -> None:
    page = parser().format_help()
    for verb, entry in VERBS.items():
        assert f"    {verb} " in page
        assert entry.summary in page


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"impasto {impasto.__version__}\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "required: VERB"),
        (["inof"], "no verb is called 'inof'; did you mean 'info'?"),
        (
            ["paint"],
            "no verb is called 'paint'; there are fetch, info, clean, pack, stylize, verify; the command `impasto`",
        ),
        (["info"], "required: FILE"),
        (["info", "x", "--sample", "-1"], "--sample: '-1' is not a whole number"),
    ],
)
def test_a_wrong_command_line(words: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    error = capsys.readouterr().err
    assert error.startswith("usage: impasto ")
    assert reason in error


def test_words_between_colons_are_no_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ":x:.csv").write_text("filepath,title\n:x:.jpg,a\n", encoding="utf-8")
    main(["info", str(tmp_path / ":x:.csv")])
    assert ":x:" in "".join(capsys.readouterr())


def test_an_error_of_ours_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stylize", str(tmp_path / "missing.png")]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"impasto: SourceError: {tmp_path}/missing.png: ")
    assert error.count("\n") == 1


def test_an_interrupt_and_what_is_no_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("impasto.cli.opening.Opening.open", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["info", "x"])

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("impasto.cli.opening.Opening.open", interrupted)
    assert main(["info", "x"]) == 130
    assert capsys.readouterr().err == "impasto: interrupted\n"


@pytest.mark.parametrize("verb", VERBS)
def test_a_missing_extra(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("rich.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    (tmp_path / "in.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    out = [str(tmp_path / "out")] if verb in ("fetch", "pack") else []  # which has to be told
    assert main([verb, str(tmp_path / "in.png"), *out]) == 1
    entry = VERBS[verb]
    assert isinstance(entry, Verb)
    told = f"impasto: MissingExtraError: rich is not installed; pip install 'impasto[{entry.extra}]'\n"
    assert capsys.readouterr().err == told


def test_a_package_that_is_broken_is_not_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with pytest.raises(ModuleNotFoundError, match=r"rich\.console"):
        main(["info", "x"])


def test_json_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceError, match="cannot be written"):
        output.write_json({}, str(tmp_path / "missing" / "file.json"))


def test_json_to_a_file(tmp_path: Path) -> None:
    output.write_json({"rows": [1]}, str(tmp_path / "file.json"))
    assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == {"rows": [1]}


def test_a_heading_is_folded_at_its_hyphens(capsys: pytest.CaptureFixture[str]) -> None:
    headings, rows = ["who", "slowest-fastest"], [["a", "90-100"], ["a", "91-99"], ["b", "95-96"]]
    output.Terminal(Console(width=20)).table("rates", headings, rows, parted=True)
    told = capsys.readouterr().out
    assert "slowest-" in told and "slowest-fastest" not in told and told.count("├") == 1
    output.Terminal(Console(width=40)).table("rates", headings, rows)
    told = capsys.readouterr().out
    assert "slowest-fastest" in told and "├" not in told


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_a_table_cuts_no_word(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    headings = ["claim", "verdict", "published", "difference"]
    rows = [
        ["mixgen-albef > plain-albef", "undecided", "+0.28", "+2.84"],
        ["seen", "agrees", "-0.5, -182 to 116", "+53.0"],
        ["unseen", "", "", "+1.0"],
    ]
    output.Terminal(Console(width=width)).table("claims", headings, rows)
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= width
    words = set(told.replace(";", " ").split())
    assert {word for cell in [*headings[1:], *rows[0], *rows[1]] for word in cell.split()} <= words
    assert ("┃" in told) == (width >= 60)
    assert width >= 60 or "unseen\n  difference +1.0" in told, "what is empty isn't told"
    assert all(line[-1] in "┓┃┩│┘" for line in told.splitlines() if line[0] in "┏┃┡│└"), "no column is lost"
