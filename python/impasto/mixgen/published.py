"""The official whole-batch function, faults included, for those who reproduce what was trained with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impasto.errors import RecipeError

if TYPE_CHECKING:
    import torch


def mixgen_batch(
    images: torch.Tensor, captions: Sequence[str], index: npt.NDArray[np.int64], lam: float = 0.5
) -> tuple[torch.Tensor, list[str]]:
    """What the published ``mixgen_batch`` computes, bit for bit, on copies.

    It mixes every row i with row ``index[i]``, in order and in place: where the partner comes before i it has been
    mixed already, so that the image is a mixture of three or more and the caption has three or more parts; where
    ``index[i] == i`` the caption is doubled. `BatchMixGen` with ``MixGen(ratio=1, pairing="shuffle")`` does what was
    meant.

    Args:
        images: [B, ...] floating point.
        captions: B strings.
        index: [B] the partner of each row; published code draws ``numpy.random.permutation(B)``.
        lam: Weight of a row's own image.

    Returns:
        New images and captions.

    Raises:
        RecipeError: If sizes differ, or images are whole numbers.

    Examples:
        >>> import numpy as np, torch
        >>> images, captions = mixgen_batch(torch.tensor([1., 2., 3., 4.]), list("abcd"), np.array([2, 0, 3, 1]))
        >>> images.tolist(), captions[1]
        ([2.0, 2.0, 3.5, 3.0], 'b a c')
    """
    if not len(images) == len(captions) == len(index):
        raise RecipeError(f"{len(images)} images, {len(captions)} captions and {len(index)} partners are not as many")
    if not images.is_floating_point():
        raise RecipeError(f"images are {images.dtype}, and the published function mixes floating point; convert them")
    mixed, joined = images.clone(), list(captions)
    for row, partner in enumerate(index.tolist()):
        mixed[row] = lam * mixed[row] + (1 - lam) * mixed[partner]
        joined[row] = joined[row] + " " + joined[partner]
    return mixed, joined
