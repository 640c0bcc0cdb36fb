"""Blending, normalising and joining: MixGen's two formulas and what surrounds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.errors import RecipeError
from impasto.mixgen import MixGen
from impasto.plan import MixPlan, Plan
from impasto.recipe import Recipe, Triple, mean_std

if TYPE_CHECKING:
    import torch

_NUMPY_DTYPES = {"float32": np.float32, "float16": np.float16, "uint8": np.uint8}


def plan_at(
    recipe: Recipe | MixGen,
    seed: int = 0,
    epoch: int = 0,
    step: int = 0,
    *,
    batch_size: int,
    number: int | None = None,
) -> MixPlan:
    """Who is mixed with whom, and how, in a loader's batch; no data is read for it.

    Args:
        recipe: The loader's recipe, or its `MixGen`.
        seed: The loader's seed.
        epoch: The epoch.
        step: The batch's number in its epoch, counted over all ranks (`BatchKey.step`).
        batch_size: Rows in the batch, B.
        number: The batch's number in the run (`BatchKey.number`), which a warm-up asks for.

    Raises:
        RecipeError: If the plan depends on more than this: a warm-up without a number, or ``pairing="fit"``.

    >>> print(plan_at(MixGen(ratio=0.25), batch_size=8))
    0+2@0.5, 1+3@0.5
    >>> print(plan_at(MixGen.variant("d", ratio=0.5), batch_size=4, seed=1, step=7))
    0+2@0.999 (kept of each), 1+3@0.999 (kept of each)
    """
    mix = recipe.mix if isinstance(recipe, Recipe) else recipe
    if mix is None:
        mix = MixGen(ratio=0.0)
    if mix.pairing == "fit":
        raise RecipeError("pairing='fit' looks at the captions' lengths; read the plan of the batch itself")
    if mix.warmup and number is None:
        raise RecipeError(f"warmup={mix.warmup} counts batches of the run; pass number=")
    return MixPlan(*mix.native.draw(batch_size, seed, epoch, step, step if number is None else number))


def join(first: str, second: str) -> str:
    """Joins two captions as MixGen does.

    >>> join("a cat on a mat", "a red bus")
    'a cat on a mat a red bus'
    """
    return _core.join(first, second)


@overload
def mix(
    images: npt.NDArray[np.uint8], partners: npt.NDArray[np.int64], lams: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]: ...
@overload
def mix(images: torch.Tensor, partners: npt.NDArray[np.int64], lams: npt.NDArray[np.float32]) -> torch.Tensor: ...
def mix(
    images: npt.NDArray[np.uint8] | torch.Tensor,
    partners: npt.NDArray[np.int64],
    lams: npt.NDArray[np.float32],
) -> npt.NDArray[np.uint8] | torch.Tensor:
    """Mixes the images of a batch, out of place: ``lam * image + (1 - lam) * image[partner]``.

    Args:
        images: A numpy array [B, H, W, 3] uint8 (rounded half up), or a torch tensor [B, ...] of any float dtype
            on any device.
        partners: [B] int64, as from `plan_at`.
        lams: [B] float32 in [0, 1].

    Returns:
        A new batch of the same kind, shape and dtype. Rows that are their own partner are copied.

    Raises:
        RecipeError: If shapes or dtypes don't fit.

    >>> import numpy as np
    >>> images = np.stack([np.full((1, 1, 3), value, np.uint8) for value in (10, 21)])
    >>> mix(images, np.array([1, 1]), np.array([0.5, 1.0], np.float32))[:, 0, 0, 0].tolist()
    [16, 21]
    """
    if isinstance(images, np.ndarray):
        if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
            raise RecipeError(f"images must be [B, H, W, 3] uint8, not {list(images.shape)} {images.dtype}")
        out = np.empty_like(images, order="C")
        source = np.ascontiguousarray(images)
        _core.blend(source, partners, lams, out.reshape(-1), dtype="uint8", layout="hwc", mean_std=None)
        return out
    if not images.is_floating_point() or not len(images) == len(partners) == len(lams):
        raise RecipeError(f"images must be floating point [B, ...] with B={len(partners)} partners and lams")
    if len(partners) and not 0 <= partners.min() <= partners.max() < len(partners):
        raise RecipeError(f"each partner must lie in 0..{len(partners) - 1}")
    return _mix_tensor(images, partners, lams)


def _mix_tensor(images: torch.Tensor, partners: npt.NDArray[np.int64], lams: npt.NDArray[np.float32]) -> torch.Tensor:
    import torch

    rows = np.flatnonzero(partners != np.arange(len(partners)))
    count = len(rows)
    if count == 0:
        return images.clone()
    # Plans mix the first rows, mostly with the rows after them: slices, which cost no transfer of indices.
    first = bool((rows == np.arange(count)).all())
    own = images[:count] if first else images[rows]
    others = partners[rows]
    block = bool((others == np.arange(others[0], others[0] + count)).all())
    partner = images[others[0] : others[0] + count] if block else images[others]
    shared = bool((lams[rows] == lams[rows[0]]).all())
    weight: float | torch.Tensor = float(lams[rows[0]])
    if not shared:
        weight = images.new_tensor(lams[rows]).view(-1, *[1] * (images.dim() - 1))
    if not first or images.requires_grad:
        out = images.clone()
        out[rows] = torch.lerp(partner, own, weight)
        return out
    out = torch.empty_like(images)
    torch.lerp(partner, own, weight, out=out[:count])
    out[count:] = images[count:]
    return out


def normalize(
    images: npt.NDArray[np.uint8],
    normalize: str | tuple[Triple, Triple] | None = "clip",
    *,
    partners: npt.NDArray[np.int64] | None = None,
    lams: npt.NDArray[np.float32] | None = None,
    dtype: Literal["float32", "float16", "uint8"] = "float32",
    layout: Literal["chw", "hwc"] = "chw",
) -> npt.NDArray[np.generic]:
    """Mixes (if asked), normalises and lays out a batch in one pass.

    Args:
        images: [B, H, W, 3] uint8.
        normalize: As in `ImageRecipe`.
        partners: [B] int64, as from `plan_at`; None mixes nothing.
        lams: [B] float32; needed with partners.
        dtype: Element type of the result; ``"uint8"`` is not normalised.
        layout: ``"chw"`` or ``"hwc"``.

    Returns:
        [B, 3, H, W] or [B, H, W, 3]: ``(value / 255 - mean) / std``.

    Raises:
        RecipeError: If shapes, dtypes or names don't fit.

    >>> import numpy as np
    >>> white = np.full((1, 2, 2, 3), 255, np.uint8)
    >>> normalize(white, "inception")[0, :, 0, 0].round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise RecipeError(f"images must be [B, H, W, 3] uint8, not {list(images.shape)} {images.dtype}")
    if dtype not in _NUMPY_DTYPES:
        raise RecipeError(f"dtype={dtype!r} is not known to numpy; use one of {', '.join(_NUMPY_DTYPES)}")
    if (partners is None) != (lams is None):
        raise RecipeError("partners and lams go together")
    count, height, width, _ = images.shape
    if partners is None or lams is None:
        partners, lams = np.arange(count, dtype=np.int64), np.ones(count, np.float32)
    shape = (count, 3, height, width) if layout == "chw" else (count, height, width, 3)
    out = np.empty(shape, _NUMPY_DTYPES[dtype])
    source, flat = np.ascontiguousarray(images), out.reshape(-1).view(np.uint8)
    _core.blend(source, partners, lams, flat, dtype=dtype, layout=layout, mean_std=mean_std(normalize))
    return out


def soft_labels(labels: torch.Tensor, plan: MixPlan | Plan, classes: int) -> torch.Tensor:
    """Labels of a mixed batch as probabilities: lam of the row's own, the rest of its partner's.

    Args:
        labels: [B] int64, each in 0..classes-1: ``Batch.labels``.
        plan: ``Batch.plan``.
        classes: The number of classes.

    Returns:
        [B, classes] float32; rows sum to 1.

    Raises:
        RecipeError: If a label is missing (-1) or too large, or there are more or fewer than rows.

    >>> import torch
    >>> plan = plan_at(MixGen(ratio=0.5, lam=0.75, text="own"), batch_size=2)
    >>> soft_labels(torch.tensor([0, 2]), plan, classes=3).tolist()
    [[0.75, 0.0, 0.25], [0.0, 0.0, 1.0]]
    """
    import torch

    if labels.shape != (len(plan.partners),):
        raise RecipeError(f"labels must be [{len(plan.partners)}], not {list(labels.shape)}")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise RecipeError(f"labels must lie in 0..{classes - 1}; -1 stands for a sample without one")
    own = torch.nn.functional.one_hot(labels, classes).float()
    lams = torch.from_numpy(plan.lams).to(own.device)[:, None]
    return lams * own + (1 - lams) * own[torch.from_numpy(plan.partners).to(own.device)]
