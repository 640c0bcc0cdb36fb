"""What a style model is trained towards: published losses, and one whose terms are balanced by their own scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from impasto.checks import require
from impasto.style.transfer.losses import BalancedStyleLoss, content_loss, style_loss, total_variation
from impasto.style.transfer.spectra import grid_energy, log_spectrum

#: Features of images [B, 3, H, W] in [0, 1], layer by layer: relu1_2, relu2_2, relu3_3 and relu4_3 of a VGG-16.
Extract = Callable[[Tensor], list[Tensor]]
#: What a classifier makes of images [B, 3, H, W] in [0, 1]: its features, layer by layer, and its logits [B, N].
Namer = Callable[[Tensor], tuple[list[Tensor], Tensor]]


#: Below a fiftieth, a style loss that falls on is worth ever less: by its logarithm alone it would be worth the same.
_FLOOR = 0.02


class Objective(Protocol):
    """Scores painted images."""

    def __call__(
        self, painted: Tensor, contents: Tensor, styles: Tensor, alpha: Tensor, progress: float | Tensor
    ) -> dict[str, Tensor]:
        """The loss and its parts.

        Args:
            painted: [B, 3, H, W] in [0, 1]: the contents, painted.
            contents: [B, 3, H, W] in [0, 1].
            styles: [B, 3, H', W'] in [0, 1].
            alpha: [B], the share of the style in each embedding; the rest is the content's own.
            progress: Where training stands, from 0 to 1; a number, or a scalar on the device.

        Returns:
            Scalars: ``"loss"``, ``"content"``, ``"style"`` and ``"variation"``, the parts without their weights.
        """
        ...


class MagentaObjective:
    """Magenta's loss of arbitrary image stylization: VGG-16 with average pooling, Gram matrices over positions.

    Content is compared at relu3_3, style at all four layers; total variation counts half of squared differences. Its
    weights belong to a VGG-16 whose input is in 0..255 without its mean (slim's); torchvision's looks at images whose
    deviation is one, and its features are smaller, style losses by a higher power than content's: with it, the default
    weights are not the balance that was published.

    Args:
        extract: Features of VGG-16.
        content_weight: Of the content loss.
        style_weight: Of each layer's style loss.
        variation_weight: Of total variation.
    """

    def __init__(
        self,
        extract: Extract,
        *,
        content_weight: float = 1.0,
        style_weight: float = 0.5e-3,
        variation_weight: float = 1e4,
    ) -> None:
        self.extract = extract
        self.weights = {"content": content_weight, "style": style_weight, "variation": variation_weight}

    def __call__(
        self, painted: Tensor, contents: Tensor, styles: Tensor, alpha: Tensor, progress: float | Tensor
    ) -> dict[str, Tensor]:
        """See `Objective`."""
        del progress
        found = self.extract(painted)
        with torch.no_grad():
            wanted, drawn = self.extract(contents), self.extract(styles)
        parts = {
            "content": content_loss(found[2], wanted[2]).mean(),
            "style": style_loss(found, drawn, contents=wanted, alpha=alpha).mean(),
            "variation": total_variation(painted).mean(),
        }
        return parts | {"loss": _weighted(parts, self.weights)}


class BalancedObjective:
    """A loss whose parts are about 1 for unrelated images, whatever the features.

    Style is `BalancedStyleLoss`; content compares relu2_2 and relu3_3 after instance normalisation, so that colours
    and contrast, which are the style's, cost nothing. Where alpha is below 1, the style that is asked for lies between
    the content's own statistics and the style image's, as the embedding does.

    Args:
        extract: Features, such as those of `impasto.style.networks.features.SmallVGG`.
        styles: [N, 3, H, W] of N different styles in [0, 1], whose distances set the scales.
        style_weight: Of the style loss, at the beginning and at the end; the content loss counts 1.
        identity_weight: Of the squared difference of pixels at strength 0; it falls to nothing at strength 1.
        variation_weight: Of total variation.
        colors: Weight of the style loss's term of colours, beside 1 for each of eight others.
        content_layers: Places of the layers that contents are compared by.
        spectrum_weight: Of the mean difference of spectra's logarithms, see `log_spectrum`; 0 looks at none.
        grid_weight: Of how far the logarithm of `grid_energy` is from the content's own; 0 looks at none.
        namers: Classifiers that were trained on plain images: the style loss looks at their layers too, and what they
            call a content, painted images should be called.
        naming_weight: Of the divergence from what they call contents, in nats, the mean over classifiers.
        fall_weight: Of the logarithm of what is left of the contents' own style loss (Gram matrices over positions,
            added over layers), the mean over features and classifiers: a pair whose statistics are small counts as much
            as any other, and a loss of which little is left as much as one that is whole; 0 looks at none.
    """

    def __init__(
        self,
        extract: Extract,
        styles: Tensor,
        *,
        style_weight: tuple[float, float] = (0.3, 4.0),
        identity_weight: float = 10.0,
        variation_weight: float = 0.5,
        colors: float = 1.0,
        content_layers: Sequence[int] = (1, 2),
        spectrum_weight: float = 0.0,
        grid_weight: float = 0.0,
        namers: Sequence[Namer] = (),
        naming_weight: float = 0.0,
        fall_weight: float = 0.0,
    ) -> None:
        require(len(styles) >= 2, "at least two style images are needed to set the scales; add style images")
        needed = "naming_weight needs namers: give classifiers, or leave it at 0"
        require(naming_weight == 0 or len(namers) > 0, needed)
        self.extract = extract
        self.namers = tuple(namers)
        self.style = BalancedStyleLoss(lambda images: _layers(self._look(images)[0]), colors=colors)
        with torch.no_grad():
            self.style.calibrate(self.style.statistics(styles))
        self.style_weight = style_weight
        self.identity_weight = identity_weight
        self.content_layers = tuple(content_layers)
        self.variation_weight = variation_weight
        self.spectrum_weight = spectrum_weight
        self.grid_weight = grid_weight
        self.naming_weight = naming_weight
        self.fall_weight = fall_weight

    def __call__(
        self, painted: Tensor, contents: Tensor, styles: Tensor, alpha: Tensor, progress: float | Tensor
    ) -> dict[str, Tensor]:
        """See `Objective`."""
        with torch.no_grad():
            (wanted, named), (drawn, _) = self._look(contents), self._look(styles)
            own = self.style.statistics(contents, _layers(wanted))
            other = self.style.statistics(styles, _layers(drawn))
            target = {name: torch.lerp(own[name], value, alpha[:, None]) for name, value in other.items()}
        found, said = self._look(painted)
        content = torch.stack([_structure_loss(found[0][layer], wanted[0][layer]) for layer in self.content_layers])
        first, last = self.style_weight
        weights: dict[str, float | Tensor] = {
            "content": 1.0,
            "style": first + (last - first) * progress,
            "identity": self.identity_weight,
            "variation": self.variation_weight,
            "spectrum": self.spectrum_weight,
            "grid": self.grid_weight,
            "naming": self.naming_weight,
            "fall": self.fall_weight,
        }
        parts = {
            "content": content.mean(),
            "style": self.style(self.style.statistics(painted, _layers(found)), target).mean(),
            "identity": ((1 - alpha).square() * content_loss(painted, contents)).mean(),
            "variation": total_variation(painted).mean(),
        }
        if self.spectrum_weight:
            asked = torch.lerp(log_spectrum(contents), log_spectrum(styles), alpha[:, None])  # [B, K]
            parts["spectrum"] = (log_spectrum(painted) - asked).abs().mean()
        if self.grid_weight:
            parts["grid"] = (grid_energy(painted).log() - grid_energy(contents).log()).abs().mean()
        if self.naming_weight:
            both = zip(said, named, strict=True)
            apart = [functional.kl_div(one, own, reduction="batchmean", log_target=True) for one, own in both]
            parts["naming"] = torch.stack(apart).mean()
        if self.fall_weight:
            looks = zip(found, wanted, drawn, strict=True)
            parts["fall"] = torch.stack([_left(*look, alpha).log().mean() for look in looks]).mean()
        return parts | {"loss": _weighted(parts, weights)}

    def _look(self, images: Tensor) -> tuple[list[list[Tensor]], list[Tensor]]:
        """Layers of the features and of each classifier, and the logarithms of the shares it gives its names."""
        looks, names = [list(self.extract(images))], []
        for namer in self.namers:
            layers, logits = namer(images)
            looks.append(list(layers))
            names.append(functional.log_softmax(logits, dim=1))
        return looks, names


def _layers(looks: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    return [layer for look in looks for layer in look]


def _left(painted: Sequence[Tensor], contents: Sequence[Tensor], styles: Sequence[Tensor], alpha: Tensor) -> Tensor:
    """Which share of the contents' style loss is left, [B], and `_FLOOR`."""
    loss = style_loss(painted, styles, contents=contents, alpha=alpha)
    own = style_loss(contents, styles)
    share = loss / own.clamp_min(torch.finfo(own.dtype).tiny)
    return torch.where(own > 0, share, 1.0) + _FLOOR  # a content that is its own style has nothing to lose


def _structure_loss(features: Tensor, target: Tensor) -> Tensor:
    """Half the mean squared difference of features whose channels have mean 0 and variance 1: 1 if unrelated."""
    return content_loss(functional.instance_norm(features), functional.instance_norm(target)).mean() / 2


def _weighted(parts: dict[str, Tensor], weights: Mapping[str, float | Tensor]) -> Tensor:
    return torch.stack([weights[name] * value for name, value in parts.items()]).sum()
