"""ResNet-18 of any width, and torchvision's networks by name."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.resnet import BasicBlock

from impasto.checks import at_least, choice, require
from impasto_lab.models.checkpoints.reading import fill, read_tensors

#: Sides from which the ImageNet stem (7 x 7, stride 2, then pooling) leaves enough of an image.
_STEM = 96
#: Below this side InceptionV3's auxiliary head has nothing left to look at.
_AUXILIARY = 299
#: Classes of the published weights.
_IMAGENET = 1000


class ResNet(nn.Module):
    """ResNet-18 (He et al. 2016) for small images.

    Args:
        classes: How many.
        width: Channels of the first stage; ResNet-18's are 64, and each stage after it has twice as many.
        small_stem: One convolution of 3 x 3 with stride 2 instead of 7 x 7 with stride 2 and pooling, which leaves of
            an image of 48 pixels 12 x 12 places, too few for a shape.

    Attributes:
        stages: The four; MixStyle hangs on the first two.
    """

    def __init__(self, classes: int, *, width: int = 64, small_stem: bool = False) -> None:
        super().__init__()
        at_least(1, classes=classes, width=width)
        kernel, padding = (3, 1) if small_stem else (7, 3)
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, kernel, stride=2, padding=padding, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Identity() if small_stem else nn.MaxPool2d(3, stride=2, padding=1),
        )
        widths = [width << stage for stage in range(4)]
        self.stages = nn.ModuleList(
            _stage(before, after, stride)
            for before, after, stride in zip([width, *widths[:-1]], widths, (1, 2, 2, 2), strict=True)
        )
        self.head = nn.Linear(widths[-1], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Scores images [B, 3, H, W] float, normalised: [B, classes]."""
        features = self.stem(images)
        for stage in self.stages:
            features = stage(features)
        scores: Tensor = self.head(features.mean(dim=(2, 3)))
        return scores


def _stage(before: int, after: int, stride: int) -> nn.Sequential:
    shortcut = None
    if stride != 1 or before != after:
        shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after))
    return nn.Sequential(BasicBlock(before, after, stride, shortcut), BasicBlock(after, after))


def classifier(
    name: str, *, classes: int, side: int, width: int = 64, seed: int = 0, weights: str | None = None
) -> nn.Module:
    """A network that names images, with random weights or with those of a file.

    Args:
        name: ``"resnet18"``, of any width and with a stem that fits the images; or one of torchvision's, such as
            ``"inception_v3"``, ``"resnet50"``, ``"vgg16_bn"``, as it is.
        classes: How many.
        side: Of its images, in pixels.
        width: Of ``"resnet18"``.
        seed: Of its weights.
        weights: torchvision's weights for ImageNet's 1,000 classes; the last layers alone stay random.

    Raises:
        RecipeError: If it is not known, or too large for the images, or has no published weights.
        CheckpointError: If the weights are of another network, or damaged.
    """
    choice("model", name, ("resnet18", *sorted(set(models.list_models(module=models)) - {"resnet18"})))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name == "resnet18":
            require(weights is None, "weights= are torchvision's; 'resnet18' is a network of our own")
            return ResNet(classes, width=width, small_stem=side < _STEM)
        require(width == 64, f"width={width} is of 'resnet18'; {name!r} has one width")
        inception = name == "inception_v3"
        require(not inception or side >= 75, f"side={side}: inception_v3 needs images of 75 pixels at least")
        if weights is not None:
            network: Any = _trained(name, weights, classes)
        else:
            network = models.get_model(
                name, weights=None, num_classes=classes, **({"init_weights": True} if inception else {})
            )
        if inception and side < _AUXILIARY:
            network.aux_logits, network.AuxLogits = False, None
        return cast(nn.Module, network)


def _trained(name: str, weights: str, classes: int) -> Any:
    """One of torchvision's networks with weights for ImageNet, and last layers for other classes."""
    # InceptionV3's were trained on images in [-1, 1]; it brings ImageNet's normalization there by itself.
    options = {"init_weights": False, "transform_input": True} if name == "inception_v3" else {}
    network: Any = models.get_model(name, weights=None, num_classes=_IMAGENET, **options)
    fill(network, read_tensors(weights), weights)
    last = [path for path, layer in network.named_modules() if isinstance(layer, nn.Linear)]
    heads = [path for path in last if network.get_submodule(path).out_features == _IMAGENET]
    require(bool(heads), f"{name!r} ends in no linear layer that could be exchanged; choose another network")
    for path in heads:
        network.set_submodule(path, nn.Linear(network.get_submodule(path).in_features, classes))
    return network
