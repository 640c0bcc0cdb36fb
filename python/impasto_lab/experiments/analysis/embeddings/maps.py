"""Embeddings of many dimensions on a plane."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from impasto_lab.experiments.analysis.embeddings.embedded import Embedded

Kind = Literal["pca", "tsne"]

#: What each map keeps.
KINDS: dict[Kind, str] = {
    "pca": "principal components: distances are true, as far as two axes show them",
    "tsne": "t-SNE: neighbors stay neighbors, distances between groups mean nothing",
}


def flatten(seen: Embedded, kind: Kind, *, seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Places of images and of one caption each, the first, on one plane.

    Args:
        seen: What a model embeds.
        kind: ``"pca"``, or ``"tsne"`` (van der Maaten and Hinton 2008).
        seed: Of t-SNE, which begins from the principal components.

    Returns:
        [N, 2] of images and [N, 2] of captions.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    _, first = np.unique(seen.image_of, return_index=True)  # [N]
    both = np.concatenate([seen.images, seen.captions[first]])  # [2N, D]
    if kind == "pca":
        places = PCA(2, svd_solver="full").fit_transform(both)
    else:
        perplexity = min(30.0, (len(both) - 1) / 3)
        places = TSNE(2, init="pca", perplexity=perplexity, random_state=seed).fit_transform(both)
    flat: npt.NDArray[np.float32] = places.astype(np.float32)
    return flat[: len(seen.images)], flat[len(seen.images) :]
