"""The plan of a batch, drawn before any data is read."""

from __future__ import annotations

from impasto.checks import at_least, require, whole
from impasto.errors import RecipeError
from impasto.plan import MixPlan
from impasto.recipe import Alternate, MixGen, Recipe


def plan_at(
    recipe: Recipe | MixGen | Alternate,
    seed: int = 0,
    epoch: int = 0,
    step: int = 0,
    *,
    batch_size: int,
    number: int | None = None,
) -> MixPlan:
    """Who is mixed with whom, and how, in a loader's batch; no data is read for it.

    Args:
        recipe: The loader's recipe, or its `MixGen` or `Alternate`.
        seed: The loader's seed.
        epoch: The epoch.
        step: The batch's number in its epoch, counted over all ranks (`BatchId.step`).
        batch_size: Rows in the batch, B.
        number: The batch's number in the run (`BatchId.number`), which a warm-up asks for.

    Raises:
        RecipeError: If the plan depends on more than this: a warm-up without a number, or ``pairing="fit"``.

    Examples:
        >>> print(plan_at(MixGen(ratio=0.25), batch_size=8))
        0+2@0.5, 1+3@0.5
        >>> print(plan_at(MixGen.variant("d", ratio=0.5), batch_size=4, seed=1, step=7))
        0+2@0.999 (kept of each), 1+3@0.999 (kept of each)
    """
    mix = recipe.mix if isinstance(recipe, Recipe) else recipe
    if mix is None:
        mix = MixGen(ratio=0.0)
    require(isinstance(mix, MixGen | Alternate), f"recipe={recipe!r} must be a Recipe, a MixGen or an Alternate")
    at_least(1, batch_size=batch_size)
    for name, value in {"seed": seed, "epoch": epoch, "step": step, "number": number or 0}.items():
        whole(name, value, bits=64)
    if mix.pairing == "fit":
        raise RecipeError("pairing='fit' looks at the captions' lengths; read the plan of the batch itself")
    if mix.warmup and number is None:
        raise RecipeError(f"warmup={mix.warmup} counts batches of the run; pass number=")
    count = step if number is None else number
    return MixPlan.of(mix.native.draw(batch_size, seed=seed, epoch=epoch, step=step, number=count))
