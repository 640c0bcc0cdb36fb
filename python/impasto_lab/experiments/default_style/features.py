"""Features that losses and predictor see: a small VGG that learns to tell styles and contents apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.loading import Loader
from impasto.progress import Progress
from impasto.recipe import ColorJitter, ImageRecipe, Recipe
from impasto.sources import ImageFolder
from impasto.style import SmallVGG, centered, moments
from impasto_lab.experiments.default_style.data import StyleData
from impasto_lab.experiments.default_style.settings import DefaultStyle


def train_features(data: StyleData, settings: DefaultStyle, progress: Progress) -> tuple[SmallVGG, list[float]]:
    """Trains the features to name the style from moments of all blocks, and the photograph from the last block.

    Hues are turned and brightness changed, so that texture has to be seen and not the palette alone.

    Args:
        data: Folders of images.
        settings: How much.
        progress: Called after every step.

    Returns:
        The network, scaled so that every channel's mean activation is 1 (as Gatys et al. scaled VGG), and the losses.
    """
    half = settings.feature_batch // 2
    styles, contents = ImageFolder(data.styles("train")), ImageFolder(data.contents("train"))
    side, seed = settings.feature_side, settings.seed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallVGG()
        heads = nn.ModuleDict(
            {
                "scale": nn.BatchNorm1d(2 * sum(network.widths), affine=False),
                "style": nn.Linear(2 * sum(network.widths), len(styles.classes)),
                "content": nn.Linear(4 * network.widths[-1], len(contents.classes)),
            }
        )
        pairs = zip(_images(styles, half, side, seed), _images(contents, half, side, seed), strict=True)
        losses: list[float] = []
        optimizer = torch.optim.AdamW([*network.parameters(), *heads.parameters()], lr=1e-3, weight_decay=1e-3)
        for step in range(settings.feature_steps):
            (painted, style), (seen, content) = next(pairs)
            images = torch.cat([painted, seen])
            if step == 0:
                unit_variance(network, images)
            for group in optimizer.param_groups:
                group["lr"] = 2e-3 * (1 - step / settings.feature_steps)
            layers = network(images)
            found = heads["scale"](torch.cat([moments(layer) for layer in layers], dim=1))[:half]
            places = functional.adaptive_avg_pool2d(layers[-1][half:], 2).flatten(1)
            loss = functional.cross_entropy(heads["style"](found), style)
            loss = loss + functional.cross_entropy(heads["content"](places), content)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            losses.append(float(loss.detach()))
            progress(step + 1, settings.feature_steps)
    unit_mean(network, images)
    return network.eval().requires_grad_(False), losses


def _images(source: ImageFolder, batch_size: int, side: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    recipe = Recipe(
        image=ImageRecipe(
            size=side,
            scale=(0.1, 0.8),
            augment=(ColorJitter(brightness=0.3, contrast=0.3, saturation=0.5, hue=0.5),),
            normalize=None,
        ),
        text=None,
    )
    loader = Loader(source, recipe, batch_size=batch_size, seed=seed)
    while True:
        for batch in loader:
            assert isinstance(batch.labels, Tensor)
            yield batch.images, batch.labels


@torch.no_grad()
def unit_variance(network: SmallVGG, images: Tensor) -> None:
    """Scales a network, layer by layer, so that what enters each ReLU has mean 0 and variance 1 (after LSUV)."""
    for conv, bias, padded in _walk(network, images):
        found = functional.conv2d(padded, conv.weight)
        deviation, mean = torch.std_mean(found, dim=(0, 2, 3))
        conv.weight /= deviation[:, None, None, None]
        bias.copy_(-mean / deviation)


@torch.no_grad()
def unit_mean(network: SmallVGG, images: Tensor) -> None:
    """Scales each channel so that its mean activation is 1; what the next layer sees stays as it was."""
    previous: Tensor | None = None
    for conv, bias, padded in _walk(network, images):
        if previous is not None:
            conv.weight *= previous[None, :, None, None]
        mean = functional.relu(functional.conv2d(padded, conv.weight, bias)).mean(dim=(0, 2, 3)).clamp(min=1e-3)
        conv.weight /= mean[:, None, None, None]
        bias /= mean
        previous = mean


def _walk(network: SmallVGG, images: Tensor) -> Iterator[tuple[nn.Conv2d, Tensor, Tensor]]:
    """Each convolution with its bias and what enters it, as the convolutions before it are when it is asked for."""
    features = centered(images)
    for number, block in enumerate(network.blocks):
        if number > 0:
            features = functional.avg_pool2d(features, 2)
        for conv in block.convs:  # type: ignore[union-attr]
            assert isinstance(conv, nn.Conv2d)
            assert conv.bias is not None
            padded = functional.pad(features, [1, 1, 1, 1], mode="reflect")
            yield conv, conv.bias, padded
            features = functional.relu(functional.conv2d(padded, conv.weight, conv.bias))


def save_features(network: SmallVGG, path: Path) -> None:
    """Writes the network's weights as safetensors."""
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
