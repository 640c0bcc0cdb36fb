"""Public names that have another home now: who asks for the old one is told the new one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

_MIXGEN = ("Spliced", "cut", "join", "mix_captions", "mixgen_batch", "plan_at", "soft_labels", "splice")
_MIXES = ("VARIANTS", "Beta", "CutMix", "MixGen", "MixUp")
_LAB = ("bench", "experiments", "models", "report", "tasks", "training", "worlds")

#: New names by old ones.
MOVED: dict[str, str] = {
    "impasto.augment": "impasto.recipe",
    "impasto.tokenizers": "impasto.recipe",
    "impasto.loading.MixGenCollate": "impasto.mixgen.MixGenCollate",
    "impasto.loading.collate": "impasto.mixgen.MixGenCollate",
    "impasto.loading.guess": "impasto.sources.open",
    "impasto.loading.inspect": "impasto.jobs.inspect",
    "impasto.loading.sources": "impasto.sources",
    "impasto.ops.batch_mixgen": "impasto.mixgen.BatchMixGen",
    "impasto.style.losses": "impasto.style.style_loss",
    "impasto.style.objectives": "impasto.style.Objective",
    **{f"impasto.ops.{name}": f"impasto.mixgen.{name}" for name in _MIXGEN},
    **{f"impasto.mixgen.{name}": f"impasto.recipe.{name}" for name in _MIXES},
    **{f"impasto.{room}": f"impasto_lab.{room}" for room in _LAB},
}

#: What left a room of the old library for another home than the room did.
_ELSEWHERE = {
    "impasto.tasks": "clip_loss is impasto.mixgen.clip_loss, retrieval's measures are in impasto_lab.metrics, "
    "stylizing is in impasto.jobs",
    "impasto.training": "Batches is impasto.loading.Batches",
}


def with_hints(module: str, otherwise: Callable[[str], Any] | None = None) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that knows what has moved out of it.

    Args:
        module: The module's name.
        otherwise: Is asked for all other names; without it there are none.
    """

    def attribute(name: str) -> Any:
        if (old := f"{module}.{name}") in MOVED:
            raise AttributeError(_hint(old))
        if otherwise is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return otherwise(name)

    return attribute


def _hint(old: str) -> str:
    more = f" ({_ELSEWHERE[old]})" if old in _ELSEWHERE else ""
    return f"{old} is {MOVED[old]} now{more}"


class _Finder:
    """Is asked for modules that nobody else finds, names of a ``from`` import among them."""

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: object = None, /) -> None:
        if name in MOVED:
            # Without the module's name, for which Python would go on and say that there is no such name.
            raise ModuleNotFoundError(_hint(name))


sys.meta_path.append(_Finder())
