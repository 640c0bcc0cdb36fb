"""Several ways of mixing, of which each batch draws one: a frozen value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from impasto import _core
from impasto.checks import is_number, require
from impasto.recipe.mix import MixGen
from impasto.recipe.value import Value


@dataclass(frozen=True)
class Alternate(Value):
    """One of several recipes of mixing for each batch, drawn by weights: MixUp or CutMix, as timm switches them.

    Args:
        mixes: The recipes; ``MixGen(ratio=0)`` leaves batches as they are. All have one ``budget``.
        weights: How often each is drawn, in proportion; evenly by default.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> from impasto import CutMix, MixUp
        >>> Alternate((MixUp(0.8), CutMix(1.0)), weights=(1, 3)).mixes[1].image
        'cut'
    """

    mixes: tuple[MixGen, ...]
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        mixes, weights = self.mixes, self.weights
        several = isinstance(mixes, tuple) and mixes and all(isinstance(mix, MixGen) for mix in mixes)
        require(bool(several), f"mixes={mixes!r} must be a tuple of MixGen, MixUp, CutMix")
        usable = isinstance(weights, tuple) and all(is_number(one) and 0 <= one < math.inf for one in weights)
        require(
            usable and (not weights or (len(weights) == len(mixes) and sum(weights) > 0)),
            f"weights={weights!r} must be {len(mixes)} numbers, none below 0 and not all 0",
        )
        budgets = sorted({mix.budget for mix in mixes})
        require(len(budgets) == 1, f"the mixes have different budgets {budgets}; give all the same")

    @property
    def budget(self) -> Literal["count", "warn", "error", "balance"]:
        """What all do with captions that don't fit."""
        return self.mixes[0].budget

    @property
    def pairing(self) -> Literal["block", "fit", "shuffle"]:
        """``"fit"`` if any needs the captions' lengths; else that of the first."""
        return "fit" if any(mix.pairing == "fit" for mix in self.mixes) else self.mixes[0].pairing

    @property
    def warmup(self) -> int:
        """The longest one's."""
        return max(mix.warmup for mix in self.mixes)

    def check_batch(self, batch_size: int) -> None:
        """See `MixGen.check_batch`, of each."""
        for mix in self.mixes:
            mix.check_batch(batch_size)

    def check_text(self, captions: bool, tokens: bool, *, foreign: bool = False, counts: bool = True) -> None:
        """See `MixGen.check_text`, of each."""
        for mix in self.mixes:
            mix.check_text(captions, tokens, foreign=foreign, counts=counts)

    @cached_property
    def native(self) -> _core.MixSpec:
        """The recipes in Rust."""
        weights = [float(weight) for weight in self.weights or (1,) * len(self.mixes)]
        return _core.MixSpec.alternate([mix.native for mix in self.mixes], weights)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "native"}
