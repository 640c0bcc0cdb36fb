"""Is the content still recognised? A classifier of shapes, trained on plain images, looks at painted ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.streams import pick, stream
from impasto_lab.worlds.scenes.plan import Scene, Thing
from impasto_lab.worlds.scenes.rendering import render
from impasto_lab.worlds.scenes.vocabulary import BACKGROUNDS, COLORS, SHAPES, TEXTURES

#: Side of the classifier's images, in pixels: STL-10's.
SIDE = 96
#: Channels of the classifier that judges.
WIDTHS = (24, 48, 96, 96)


def shapes(count: int, *, seed: int, split: str) -> tuple[Tensor, Tensor]:
    """Images of one thing each, of any colour and texture on any ground.

    Args:
        count: How many, N.
        seed: With the split, the whole input.
        split: A name.

    Returns:
        [N, 3, 96, 96] float in [0, 1], and the numbers of the shapes [N] int64.
    """
    images, labels = [], []
    names = list(SHAPES)
    for number in range(count):
        rng = stream(seed, "shape", split, number)
        radius = float(rng.uniform(0.25, 0.4))
        x, y = (float(value) for value in rng.uniform(radius, 1 - radius, 2))
        thing = Thing(
            shape=names[number % len(names)],
            color=pick(rng, list(COLORS)),
            texture=pick(rng, list(TEXTURES)),
            size="large",
            x=x,
            y=y,
            radius=radius,
            angle=float(rng.uniform(-0.35, 0.35)),
        )
        images.append(render(Scene(background=pick(rng, list(BACKGROUNDS)), things=(thing,)), SIDE, rng))
        labels.append(number % len(names))
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    return pixels.float() / 255, torch.tensor(labels)


def new_classifier(widths: Sequence[int] = WIDTHS, *, kernel: int = 3) -> nn.Sequential:
    """A small convolutional classifier, each of whose layers halves the size.

    Args:
        widths: Channels of its layers.
        kernel: Side of the kernels, odd.
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise((3, *widths)):
        layers += [nn.Conv2d(inputs, outputs, kernel, stride=2, padding=kernel // 2, bias=False)]
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
    places = SIDE >> len(widths)
    # Images of another size are brought to as many places; of this one, they are left as they are.
    head = (nn.AdaptiveAvgPool2d(places), nn.Flatten(), nn.Linear(widths[-1] * places**2, len(SHAPES)))
    return nn.Sequential(*layers, *head)


def look(classifier: nn.Sequential, images: Tensor) -> tuple[list[Tensor], Tensor]:
    """What a classifier makes of images [B, 3, H, W]: its activations, layer by layer, and its logits."""
    found: list[Tensor] = []
    for layer in classifier:
        images = layer(images)
        if isinstance(layer, nn.ReLU):
            found.append(images)
    return found, images


def train_classifier(
    images: Tensor, labels: Tensor, *, epochs: int, seed: int, widths: Sequence[int] = WIDTHS, kernel: int = 3
) -> nn.Sequential:
    """Trains a classifier; it sees plain images only, mirrored and with other colours at random.

    Args:
        images: [N, 3, 96, 96] in [0, 1].
        labels: [N].
        epochs: Times that it sees each.
        seed: Of everything drawn.
        widths: See `new_classifier`.
        kernel: Likewise.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = new_classifier(widths, kernel=kernel)
    steps = epochs * (len(images) // 64)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for rows in order[: len(images) // 64 * 64].view(-1, 64):
            loss = functional.cross_entropy(network(_jittered(images[rows], generator)), labels[rows])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    network.eval().requires_grad_(False)
    return network


def _jittered(images: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the images mirrored; each with its channels mixed, and with another contrast and brightness."""
    count = len(images)
    flip = torch.rand(count, generator=generator) < 0.5
    images = torch.where(flip[:, None, None, None], images.flip(3), images)
    mix = torch.eye(3) + 0.25 * torch.randn(count, 3, 3, generator=generator)
    gain = torch.exp(0.3 * torch.randn(count, 1, 1, 1, generator=generator))
    offset = 0.15 * torch.randn(count, 1, 1, 1, generator=generator)
    mixed = torch.einsum("nij,njhw->nihw", mix, images - 0.5)
    return (mixed * gain + 0.5 + offset).clamp(0, 1)


def accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of images that are named right."""
    with torch.no_grad():
        found = torch.cat([network(part).argmax(dim=1) for part in torch.split(images, 128)])
    return float((found == labels).float().mean())
