"""Pieces that other evidence holds, taken over into a run of the same settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.errors import RecipeError, SourceError
from impasto_lab.experiments import registry
from impasto_lab.experiments.experiment import Experiment, Piece
from impasto_lab.experiments.results import Kept, differing

#: What a figure depends on besides its settings.
_WHERE = ("machine", "versions", "command")
#: Where its pieces were measured, if not all of them there and then.
_EARLIER = ("before", "known")


def take_over(path: Path, experiment: Experiment, kept: Kept) -> Mapping[str, Any]:
    """Keeps the pieces of an earlier run's evidence, so that they aren't run again.

    Args:
        path: A ``results.json``.
        experiment: Its experiment.
        kept: Where pieces go; those that are there already stay.

    Returns:
        What the evidence says of where it was measured: file, machine, versions, command, and how many pieces; and
        what it took over itself.

    Raises:
        SourceError: If it can't be read.
        RecipeError: If it is another experiment's, or of other settings.
    """
    try:
        evidence = json.loads(path.read_text(encoding="utf-8"))
        name, settings = evidence["experiment"], {"size": evidence["size"], **evidence["settings"]}
        where = {key: evidence[key] for key in _WHERE}
        before = {key: evidence[key] for key in _EARLIER if key in evidence}
        measured = {Piece(one.pop("arm"), one.pop("seed")): one for one in evidence["measured"]}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceError(f"no evidence can be read: {error!r}; name a results.json", path=str(path)) from error
    if name != experiment.name or settings != kept.settings:
        measured = _shared(path, name, settings, measured, experiment, kept)
    taken = [piece for piece in measured if piece.arm in experiment.every_arm and kept.load(piece) is None]
    for piece in taken:
        kept.keep(piece, measured[piece])
    return {"path": str(path), **where, "pieces": len(taken), **before}


def _shared(
    path: Path,
    name: str,
    settings: Mapping[str, Any],
    measured: Mapping[Piece, Any],
    experiment: Experiment,
    kept: Kept,
) -> dict[Piece, Any]:
    """Pieces of another experiment, or of other settings, that come of the same, by the arms that they are here."""
    comes_of, same = experiment.comes_of, name == experiment.name
    other = f"the evidence was measured with other settings: {differing(settings, kept.settings)}"
    if comes_of is None and same:
        raise RecipeError(other, path=str(path))
    if comes_of is None or name not in registry.EXPERIMENTS or registry.find(name).comes_of is not comes_of:
        raise RecipeError(f"this is evidence of {name!r}, not of {experiment.name!r}", path=str(path))
    try:
        theirs = [(comes_of(settings, arm), arm) for arm in dict.fromkeys(piece.arm for piece in measured)]
    except (KeyError, TypeError) as error:
        reason = f"its settings don't say what its pieces come of ({error!r}); take it as it was written"
        raise RecipeError(reason, path=str(path)) from error
    own = {arm: comes_of(kept.settings, arm) for arm in experiment.every_arm}
    found = {
        Piece(arm, piece.seed): figures
        for piece, figures in measured.items()
        for arm, wanted in own.items()
        if (wanted, piece.arm) in theirs
    }
    if not found:
        reason = f"this is evidence of {name!r}, and no arm of it comes of the same as one of {experiment.name!r}"
        raise RecipeError(other if same else f"{reason}; name another, or leave it out", path=str(path))
    return found
