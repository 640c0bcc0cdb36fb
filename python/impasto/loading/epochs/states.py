"""The state of a run as a small dictionary that people can read: where it stands, and of what data, recipe and seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.checks import EPOCH_BITS, is_count
from impasto.errors import CheckpointError
from impasto.loading.epochs.layout import Position

_VERSION = 2


def write_state(position: Position, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a run.

    Args:
        position: Where it stands.
        facts: What must be the same where it goes on.
    """
    return {"version": _VERSION, "epoch": position.epoch, "samples": position.samples, **facts}


def read_state(state: Any, facts: Mapping[str, Any]) -> Position:
    """Where the run of a state stands.

    Args:
        state: Perhaps what `write_state` made.
        facts: What is the same here; of ``weights``, ``data``, ``recipe`` and ``drawing_seed`` only what the state
            names too is compared.

    Raises:
        CheckpointError: If the state is malformed, or a fact differs; the message says which.
    """
    if not isinstance(state, Mapping):
        raise CheckpointError(f"a loader's state is a dict, not {state!r}; pass what state_dict() returned")
    if state.get("version") != _VERSION or isinstance(state["version"], bool):
        raise CheckpointError(
            f"the state has version={state.get('version')!r}, this impasto reads {_VERSION}; begin the epoch anew with "
            "set_epoch(), or load it with the impasto that saved it"
        )
    _compare_named(state, facts, "weights")  # of which the length comes
    for name in ("seed", "length", "shuffle"):
        _compare(name, state.get(name), facts[name])
    _compare("mix_over", state.get("mix_over", "rank"), facts.get("mix_over", "rank"))
    _compare("group_by", state.get("group_by"), facts.get("group_by"))
    _compare_named(state, facts, "data", "recipe", "drawing_seed")
    epoch, samples = _number(state, "epoch", 2**EPOCH_BITS), _number(state, "samples", 2**63)
    if samples > facts["length"]:
        raise CheckpointError(f"the state has taken samples={samples} of {facts['length']}; it is damaged")
    return Position(epoch, samples)


def _number(state: Mapping[str, Any], name: str, limit: int) -> int:
    value = state.get(name)
    if not is_count(value) or not 0 <= value < limit:  # type: ignore[operator]
        raise CheckpointError(f"the state has {name}={value!r}, which is no whole number from 0 on; it is damaged")
    return int(value)  # type: ignore[arg-type]


def _compare_named(state: Mapping[str, Any], facts: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name in state and name in facts:
            _compare(name, state[name], facts[name])


def _compare(name: str, saved: Any, here: Any) -> None:
    if type(saved) is type(here) and saved == here:
        return
    if isinstance(saved, Mapping) and isinstance(here, Mapping):
        differing = [part for part in {**saved, **here} if saved.get(part) != here.get(part)]
        for part in differing[:1]:
            _compare(f"{name} {part}", saved.get(part, "its default"), here.get(part, "its default"))
    raise CheckpointError(
        f"the state was saved with {name}={saved!r} and is loaded with {here!r}; resume with the same {name}"
    )
