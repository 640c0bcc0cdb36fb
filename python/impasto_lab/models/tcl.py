"""TCL (Yang et al. 2022): ALBEF with contrast inside each modality, and between wholes and their parts."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from impasto_lab.models.albef import Albef, Seen
from impasto_lab.models.losses import global_local, own_targets


class Tcl(Albef):
    """ALBEF's networks, trained with six contrastive terms; its teacher sees another view of each image.

    Args:
        settings: The sizes.
    """

    def align(
        self, seen: Seen, taught: Seen, attention_mask: Tensor, alpha: float, same: Tensor | None = None
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """The mean of six terms, which are given by their names too, and the similarities of images and texts."""
        (i2t, t2i), entropy, similarities = self.contrast(seen, taught, alpha, same)
        images, texts = self.candidates(taught)
        # Hard targets, unlike those across modalities.
        own = torch.arange(len(seen.image), device=images.device)
        if same is not None:
            own = own_targets(similarities[0], same)
        patches = self.teacher.image_features(taught.image[:, 1:])  # [B, P, D]
        words = self.teacher.text_features(taught.text[:, 1:])  # [B, L - 1, D]
        terms = {
            "i2t": i2t,
            "t2i": t2i,
            "i2i": functional.cross_entropy(seen.image_features @ images / self.temp, own),
            "t2t": functional.cross_entropy(seen.text_features @ texts / self.temp, own),
            "i2i_local": global_local(seen.image_features, pooled_patches(patches), self.temp),
            "t2t_local": global_local(seen.text_features, words, self.temp, attention_mask[:, 1:].bool()),
        }
        return {"ita": torch.stack([*terms.values()]).mean(), "ita_entropy": entropy, **terms}, similarities


def pooled_patches(patches: Tensor) -> Tensor:
    """Means of squares of patches, about as many as a square has patches: 16 x 16 patches become 4 x 4.

    Args:
        patches: [B, S * S, D], row by row.

    Returns:
        [B, P, D]; squares that the side's square root does not fill are left out at the edges.
    """
    side = math.isqrt(patches.shape[1])
    window = math.isqrt(side)
    square = patches.reshape(len(patches), side, side, -1).permute(0, 3, 1, 2)  # [B, D, S, S]
    return functional.avg_pool2d(square, window).flatten(2).transpose(1, 2)
