"""MixGen on a quarter, normalising, HWC to CHW: [64, 224, 224, 3] uint8 to [64, 3, 224, 224] float32."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from impasto import mixgen, ops
from impasto.recipe import NORMALIZATIONS, MixGen
from impasto_lab.bench.kernels.group import Group

_COUNT, _SIDE = 64, 224


def _by_torch(images: ops.Image) -> npt.NDArray[np.float32]:
    mean, std = (torch.tensor(triple).view(1, 3, 1, 1) for triple in NORMALIZATIONS["clip"])
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
    batch = batch.div_(255).sub_(mean).div_(std)  # [B, 3, S, S]
    count = len(images) // 4
    batch[:count].mul_(0.5).add_(batch[count : 2 * count], alpha=0.5)
    laid_out: npt.NDArray[np.float32] = batch.numpy()
    return laid_out


def _ours(images: ops.Image) -> npt.NDArray[np.float32]:
    plan = mixgen.plan_at(MixGen(), batch_size=len(images))
    return ops.normalize(images, "clip", partners=plan.partners, lams=plan.lams).astype(np.float32, copy=False)


def laying_out(own: ops.Image | None = None, *, seed: int = 0) -> Group:
    """Mixing, normalising and laying out, beside a copy of as many bytes into memory as fresh.

    Args:
        own: [B, S, S, 3] uint8; noise by default.
        seed: Of the noise.
    """
    noise = np.random.default_rng(seed).integers(0, 256, (_COUNT, _SIDE, _SIDE, 3), dtype=np.uint8)
    images = noise if own is None else own
    count, side = images.shape[:2]
    written = np.zeros((count, 3, side, side), np.float32)

    def difference(_: str, answer: npt.NDArray[np.float32]) -> str:
        apart = float(np.abs(answer - _by_torch(images)).max())
        return "" if apart < 1e-5 else f"a value differs from torch's by {apart:.2g}"

    return Group(
        title=f"mix, normalise, lay out {count} images of {side}x{side}",
        arms={"impasto": lambda: _ours(images), "torch": lambda: _by_torch(images)},
        difference=difference,
        yardsticks={"copy": written.copy},
        items=count,
        packages={"impasto": "impasto", "torch": "torch"},
    )
