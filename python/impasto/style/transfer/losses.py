"""What style transfer is trained by: content, style (Gram matrices, moments, colours) and total variation.

Gatys et al. 2016 ("Image style transfer using convolutional neural networks"), equations 1 to 7; Ghiasi et al. 2017,
equations 1 to 4; the normalisations are those of published code.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from impasto.checks import choice, require
from impasto.style.networks.features import moments

Normalization = Literal["positions", "elements", "none"]


def gram(features: Tensor, normalization: Normalization = "positions") -> Tensor:
    """Gram matrices: which features occur together, wherever it is.

    Args:
        features: [B, C, H, W] float.
        normalization: What ``F F^T`` is divided by: ``"positions"`` for H * W (Magenta's arbitrary image stylization),
            ``"elements"`` for C * H * W (neural-style and PyTorch's tutorial), ``"none"`` for nothing (Gatys et al.,
            whose loss divides by ``4 C^2 (H W)^2`` afterwards).

    Returns:
        [B, C, C].

    Raises:
        RecipeError: If the normalisation isn't known.
    """
    choice("normalization", normalization, ("positions", "elements", "none"))
    flat = features.flatten(2)  # [B, C, HW]
    sizes = {"positions": flat.shape[2], "elements": flat.shape[1] * flat.shape[2], "none": 1}
    return flat @ flat.transpose(1, 2) / sizes[normalization]


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference of features.

    Args:
        features: [B, C, H, W], of the painted images.
        target: [B, C, H, W], of the content images.

    Returns:
        [B].
    """
    return (features - target).square().flatten(1).mean(dim=1)


def style_loss(
    features: Sequence[Tensor],
    targets: Sequence[Tensor],
    normalization: Normalization = "positions",
    *,
    contents: Sequence[Tensor] | None = None,
    alpha: Tensor | None = None,
) -> Tensor:
    """Mean squared difference of Gram matrices, summed over layers.

    Args:
        features: Of the painted images, [B, C, H, W] each.
        targets: Of the style images, layer by layer; sizes in pixels may differ.
        normalization: See `gram`.
        contents: Of the content images, layer by layer, for styles of a strength below 1: what is aimed at lies between
            their Gram matrices and the styles'.
        alpha: [B], that strength; needed with ``contents``.

    Returns:
        [B].

    Raises:
        RecipeError: If the numbers of layers differ, or of ``contents`` and ``alpha`` one is missing.
    """
    require((contents is None) == (alpha is None), "contents and alpha go together: give both, or neither")
    layers = targets if contents is None else contents
    for others in (targets, layers):
        require(len(features) == len(others), f"{len(features)} layers against {len(others)}")
    total = torch.zeros(len(features[0]), device=features[0].device)
    for own, target, content in zip(features, targets, layers, strict=True):
        wanted = gram(target, normalization)  # [B, C, C]
        if alpha is not None:
            wanted = torch.lerp(gram(content, normalization), wanted, alpha[:, None, None].to(wanted.dtype))
        total = total + (gram(own, normalization) - wanted).square().mean(dim=(1, 2))
    return total


def total_variation(images: Tensor) -> Tensor:
    """Half the mean squared difference of neighbouring pixels, down plus right (as Magenta counts it).

    Args:
        images: [B, C, H, W]; H and W of at least 2.

    Returns:
        [B].
    """
    down = (images[:, :, 1:] - images[:, :, :-1]).square().flatten(1).mean(dim=1)
    right = (images[..., 1:] - images[..., :-1]).square().flatten(1).mean(dim=1)
    return (down + right) / 2


class BalancedStyleLoss:
    """A style loss whose layers count alike, whatever the features' scales: two unrelated styles are about 1 apart.

    Every term is a squared distance of a statistic (Gram matrices of features, their means and deviations, colours),
    divided by how far the wanted style is from the mean of all styles, plus the median of that. Without it the layer
    with the largest numbers decides what is learnt, and in each layer the few styles of the strongest contrasts.

    Args:
        extract: Features of images [B, 3, H, W] in [0, 1], layer by layer, differentiable.
        moments: Weight of the terms of means and deviations beside those of Gram matrices.
        colors: Weight of the colours' term.

    Attributes:
        centers: Mean of each statistic over styles, [D] by term; set by `calibrate`.
        spreads: Median squared distance from it, by term.
    """

    def __init__(self, extract: Callable[[Tensor], list[Tensor]], *, moments: float = 1.0, colors: float = 1.0) -> None:
        self.extract = extract
        self.moments = moments
        self.colors = colors
        self.centers: dict[str, Tensor] = {}
        self.spreads: dict[str, Tensor] = {}

    def statistics(self, images: Tensor, features: Sequence[Tensor] | None = None) -> dict[str, Tensor]:
        """What is compared, [B, D] by name.

        Args:
            images: [B, 3, H, W] in [0, 1].
            features: Theirs, if they are known already.
        """
        found = {"colors": _colors(images)}
        for number, layer in enumerate(self.extract(images) if features is None else features):
            found[f"gram{number + 1}"] = gram(layer).flatten(1)  # [B, C * C]
            found[f"moments{number + 1}"] = moments(layer)  # [B, 2C]
        return found

    def calibrate(self, statistics: dict[str, Tensor]) -> None:
        """Takes centers and spreads from statistics of different styles [N, D], N of at least 2."""
        for name, values in statistics.items():
            self.centers[name] = values.mean(dim=0)
            self.spreads[name] = (values - self.centers[name]).square().sum(dim=1).median()

    def terms(self, found: dict[str, Tensor], target: dict[str, Tensor]) -> dict[str, Tensor]:
        """Distances [B] by statistic."""
        distances: dict[str, Tensor] = {}
        for name, value in found.items():
            scale = (target[name] - self.centers[name].to(value)).square().sum(dim=1) + self.spreads[name].to(value)
            distances[name] = (value - target[name]).square().sum(dim=1) / scale  # [B]
        return distances

    def __call__(self, found: dict[str, Tensor], target: dict[str, Tensor]) -> Tensor:
        """The loss [B]: the weighted mean of all terms."""
        weights = {"c": self.colors, "m": self.moments, "g": 1.0}
        terms = self.terms(found, target)
        total = sum(weights[name[0]] for name in terms)
        return torch.stack([weights[name[0]] * term for name, term in terms.items()]).sum(dim=0) / total


def _colors(images: Tensor) -> Tensor:
    """Mean [3], covariance [9] and deviation of each colour channel: [B, 15]."""
    flat = images.flatten(2)  # [B, 3, HW]
    mean = flat.mean(dim=2, keepdim=True)  # [B, 3, 1]
    covariance = (flat - mean) @ (flat - mean).transpose(1, 2) / flat.shape[2]  # [B, 3, 3]
    deviation = (covariance.diagonal(dim1=1, dim2=2) + 1e-5).sqrt()  # [B, 3]
    return torch.cat([mean.flatten(1), covariance.flatten(1), deviation], dim=1)
