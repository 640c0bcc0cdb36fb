"""What is measured of a trained network, and of the shortcut that it could take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.sources import Source
from impasto_lab.experiments.classification.data import CONFLICT, Data
from impasto_lab.experiments.classification.restyling import labels, pixels
from impasto_lab.metrics import shape_bias
from impasto_lab.tasks import Labeled

#: Levels of each color in a histogram.
_BINS = 4


def scores(model: nn.Module, held: dict[str, Labeled], data: Data) -> dict[str, float]:
    """Accuracy on each kind of test images, and what the network follows where outline and look disagree.

    Returns:
        Per cent, by name. ``"shape bias"``: among cue-conflict images that are called by their outline or by their
        look, the share called by their outline (Geirhos et al. 2019).
    """
    named = {kind: one.named(model) for kind, one in held.items()}
    found = {kind: 100 * float((named[kind] == one.labels).float().mean()) for kind, one in held.items()}
    for kind in held:
        if kind.endswith(CONFLICT):
            bias = shape_bias(named[kind].numpy(), shapes=held[kind].labels.numpy(), looks=np.array(data.looks()))
            # Where a network follows neither, there is no telling.
            found |= {} if bias is None else {kind.replace(CONFLICT, "shape bias"): bias}
    return found


def confusion(model: nn.Module, held: Labeled, classes: int) -> npt.NDArray[np.int64]:
    """How often each class (row) is called each (column): [C, C]."""
    pairs = held.labels * classes + held.named(model)
    return np.bincount(pairs.numpy(), minlength=classes * classes).reshape(classes, classes)


def histogram_scores(data: Data, kinds: Sequence[str]) -> dict[str, float]:
    """Accuracy of a linear classifier of color histograms, in per cent: how far the shortcut alone goes.

    Args:
        data: The data.
        kinds: Of test images.

    Returns:
        Per cent, by kind of test images: ``"histogram, source"``, and so on.
    """
    features, known = _histograms(data.train())
    classes = int(known.max()) + 1
    weights = torch.zeros(features.shape[1], classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(features @ weights, known) + 1e-4 * weights.square().sum()
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    found = {}
    for kind in kinds:
        tested, truth = _histograms(data.test(kind))
        right = (tested @ weights.detach()).argmax(dim=1) == truth
        found[f"histogram, {kind}"] = 100 * float(right.float().mean())
    return found


def _histograms(source: Source) -> tuple[Tensor, Tensor]:
    """[N, 65] float32 square roots of shares, with a one, and [N] labels."""
    rows = []
    for row in range(len(source)):
        levels = (pixels(source, row) >> 6).astype(np.int64).reshape(-1, 3)  # [H * W, 3], in 0..3
        counts = np.bincount(levels @ np.array([_BINS**2, _BINS, 1]), minlength=_BINS**3)
        rows.append(np.sqrt(counts / counts.sum()))
    features = torch.tensor(np.stack(rows), dtype=torch.float32)
    return torch.cat([features, torch.ones(len(rows), 1)], dim=1), torch.tensor(labels(source))
