"""Flags are made from fields: their types, defaults and lines of docstring."""

from __future__ import annotations

import errno
import os
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from impasto.cli import Folder, Given, Positional, Positive, Written, flags
from impasto.cli.docstrings import arguments, description


@dataclass(frozen=True, kw_only=True)
class Oven:
    """How it is heated.

    Attributes:
        degrees: In Celsius, ``"hot"`` or 100 % of
            `that`.
        fan: Blow.
        share: A number or a range.
        ends: Lowest and highest, None if not known.
        held: Nobody tells this one.
    """

    degrees: int = 180
    fan: bool | None = None
    share: float | tuple[float, float] = 0.5
    ends: tuple[float, float] | None = None
    held: Elsewhere = None  # type: ignore[name-defined] # noqa: F821


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where it lies.

    Args:
        place: The folder.
    """

    place: Folder | None = None


@dataclass(frozen=True, kw_only=True)
class Bake:
    """Bakes bread.

    Twice.

    Args:
        bread: What.
        more: What else.
        loaves: How many.
        times: When.
        kind: Which.
        seeds: On it.
        quick: Not well.
        weight: JSON knows.
    """

    bread: Positional[str]
    more: Annotated[Positional[str], "MORE"] | None = None
    loaves: Positive = 1
    times: tuple[int, ...] = (1, 2)
    kind: Literal["rye", "wheat"] = "rye"
    seeds: tuple[Literal["poppy", "sesame"], ...] = ()
    quick: bool = False
    weight: float
    shelf: Shelf = field(default_factory=Shelf)
    oven: Annotated[dict[str, Any], Given(Oven, "the oven", ("degrees", "fan", "share", "ends"))] = field(
        default_factory=dict
    )


def _parser() -> ArgumentParser:
    parser = ArgumentParser("bake")
    flags.add(parser, Bake)
    return parser


def _read(*words: str) -> Bake:
    return flags.make(Bake, vars(_parser().parse_args(["--weight", "1.5", "rye", *words])))


def test_what_is_not_told_has_its_default() -> None:
    assert _read() == Bake(bread="rye", weight=1.5)
    assert _read().oven == {}


def test_what_is_told_has_its_type() -> None:
    told = _read("more", "--loaves", "3", "--times", "0", "4", "--kind", "wheat", "--quick", "--place", "here")
    shelf = Shelf(place="here")
    expected = Bake(bread="rye", more="more", loaves=3, times=(0, 4), kind="wheat", quick=True, weight=1.5, shelf=shelf)
    assert _read("--seeds", "sesame", "poppy").seeds == ("sesame", "poppy")
    assert told == expected


def test_other_settings_are_what_was_told_alone() -> None:
    told = _read("--degrees", "180", "--no-fan", "--share", "0.2,0.8", "--ends", "1,2").oven
    assert told == {"degrees": 180, "fan": False, "share": (0.2, 0.8), "ends": (1.0, 2.0)}
    assert _read("--share", "1").oven == {"share": 1.0}


@pytest.mark.parametrize(
    "words",
    [
        ["--loaves", "0"],
        ["--times", "-1"],
        ["--seeds", "poppy", "rye"],
        ["--degrees", "1.5"],
        ["--share", "1,2,3"],
        ["--share", "much"],
        ["--ends", "1"],
        ["--kind", "oat"],
        ["--held", "1"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_read_is_a_wrong_command_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        _read(*words)
    assert words[0] in capsys.readouterr().err


def test_help_is_the_docstring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    page = " ".join(_parser().format_help().split())
    for text in (
        "BREAD what",
        "MORE what else",
        "--loaves N how many (default: 1)",
        "--times N [N ...] when (default: 1 2)",
        "--kind {rye,wheat} which (default: rye)",
        "--quick not well",
        "--weight X JSON knows",
        "--place DIR the folder",
        "the oven: --degrees N in Celsius, hot or 100 % of that (default: 180)",
        "--fan, --no-fan blow",
    ):
        assert text in page, text
    assert description(Bake) == "Bakes bread.\n\nTwice."


@dataclass
class Bare:
    """No lines."""

    bare: int = 0


def test_every_field_has_its_line() -> None:
    with pytest.raises(KeyError, match="bare"):
        flags.add(ArgumentParser(), Bare)
    assert list(arguments(Oven)) == ["degrees", "fan", "share", "ends", "held"]


@dataclass(frozen=True, kw_only=True)
class Tell:
    """Tells.

    Args:
        json: Where.
    """

    json: Written | None = None


def test_what_is_written_last_is_tried_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it stays, and what is there stays as it is."""
    parser = ArgumentParser()
    flags.add(parser, Tell)
    (there := tmp_path / "there.json").write_text("{}", encoding="utf-8")
    for place in (there, tmp_path / "new.json"):
        assert parser.parse_args(["--json", str(place)]).json == str(place)
    assert there.read_text(encoding="utf-8") == "{}" and list(tmp_path.iterdir()) == [there]

    def refused(place: str) -> str:
        with pytest.raises(SystemExit):
            parser.parse_args(["--json", place])
        return capsys.readouterr().err

    assert "is a folder" in refused(str(tmp_path))
    assert "does not exist" in refused(str(there / "json"))
    assert "File name too long" in refused(str(tmp_path / ("a" * 300)))

    def denied(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", denied)
    for place in (there, tmp_path / "new.json"):
        assert "cannot be written: Permission denied" in refused(str(place))
