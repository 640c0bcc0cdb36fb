"""Blending and normalising images: MixGen's formula for pixels, and the pass that follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.checks import choice
from impasto.errors import RecipeError
from impasto.recipe import Triple, mean_std

if TYPE_CHECKING:
    import torch

_NUMPY_DTYPES = {"float32": np.float32, "float16": np.float16, "uint8": np.uint8}


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
        images: A numpy array [B, H, W, 3] uint8, or a torch tensor [B, ...] of uint8 or any float dtype on any device;
            uint8 is rounded half up, as the loader does.
        partners: [B] int64, as from `plan_at`.
        lams: [B] float32 in [0, 1].

    Returns:
        A new batch of the same kind, shape and dtype. Rows that are their own partner are copied.

    Raises:
        RecipeError: If shapes or dtypes don't fit.

    Examples:
        >>> import numpy as np
        >>> images = np.stack([np.full((1, 1, 3), value, np.uint8) for value in (10, 21)])
        >>> mix(images, np.array([1, 1]), np.array([0.5, 1.0], np.float32))[:, 0, 0, 0].tolist()
        [16, 21]
    """
    partners, lams = _check_plan(partners, lams)
    if isinstance(images, np.ndarray):
        _check_batch(images)
        out = np.empty_like(images, order="C")
        source = np.ascontiguousarray(images)
        _core.blend(source, partners, lams, out.reshape(-1), dtype="uint8", layout="hwc", mean_std=None)
        return out
    if not hasattr(images, "is_floating_point"):  # torch may not have been imported
        raise RecipeError(f"images must be a numpy array or a torch tensor, not {type(images).__name__}")
    known = images.is_floating_point() or str(images.dtype) == "torch.uint8"
    if not known or not len(images) == len(partners) == len(lams):
        raise RecipeError(f"images must be uint8 or floating point [B, ...] with B={len(partners)} partners and lams")
    if len(partners) and not 0 <= partners.min() <= partners.max() < len(partners):
        raise RecipeError(f"each partner must lie in 0..{len(partners) - 1}")
    return _mix_tensor(images, partners, lams)


def _check_batch(images: npt.NDArray[np.uint8]) -> None:
    if not isinstance(images, np.ndarray) or images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        found = f"{list(images.shape)} {images.dtype}" if isinstance(images, np.ndarray) else type(images).__name__
        raise RecipeError(f"images must be [B, H, W, 3] uint8, not {found}")


def _check_plan(
    partners: npt.NDArray[np.int64], lams: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    partners, lams = np.asarray(partners), np.asarray(lams)
    if partners.ndim != 1 or lams.ndim != 1 or partners.dtype.kind not in "iu" or lams.dtype.kind != "f":
        raise RecipeError(f"partners must be [B] int64 and lams [B] float32, not {partners.dtype} and {lams.dtype}")
    wrong = lams[~((lams >= 0) & (lams <= 1))]
    if len(wrong):
        raise RecipeError(f"each lam must lie in [0, 1], not {wrong[0]:g}")
    return partners.astype(np.int64, copy=False), lams.astype(np.float32, copy=False)


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
    if images.dtype == torch.uint8:
        out = images.clone()
        out[slice(count) if first else rows] = _rounded(own, partner, lams[rows])
        return out
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


def _rounded(own: torch.Tensor, partner: torch.Tensor, lams: npt.NDArray[np.float32]) -> torch.Tensor:
    """A blend of bytes with the core's roundings: of ``lam * own``, of the sum, which it fuses, and of the half."""
    import torch

    wide = torch.float32 if own.device.type == "mps" else torch.float64  # which mps doesn't have
    shape = (-1, *[1] * (own.dim() - 1))
    weights = torch.from_numpy(np.stack([lams, 1 - lams])).to(own.device)
    blended = (own.float() * weights[0].view(shape)).to(wide)
    blended += partner.to(wide) * weights[1].to(wide).view(shape)
    return (blended.float() + 0.5).to(torch.uint8)


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

    Examples:
        >>> import numpy as np
        >>> white = np.full((1, 2, 2, 3), 255, np.uint8)
        >>> normalize(white, "inception")[0, :, 0, 0].round(6).tolist()
        [1.0, 1.0, 1.0]
    """
    _check_batch(images)
    choice("dtype", dtype, _NUMPY_DTYPES)
    if (partners is None) != (lams is None):
        raise RecipeError("partners and lams go together")
    count, height, width, _ = images.shape
    if partners is None or lams is None:
        partners, lams = np.arange(count, dtype=np.int64), np.ones(count, np.float32)
    partners, lams = _check_plan(partners, lams)
    shape = (count, 3, height, width) if layout == "chw" else (count, height, width, 3)
    out = np.empty(shape, _NUMPY_DTYPES[dtype])
    source, flat = np.ascontiguousarray(images), out.reshape(-1).view(np.uint8)
    _core.blend(source, partners, lams, flat, dtype=dtype, layout=layout, mean_std=mean_std(normalize))
    return out
