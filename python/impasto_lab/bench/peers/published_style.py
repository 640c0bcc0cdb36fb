"""Jackson et al.'s style augmentation as published, transcribed plainly: what ours is compared with.

Two float32 networks, run eagerly on contiguous NCHW tensors with gradients recorded, and a ``detach()`` at the end.
Unlike the published example, the predictor is in evaluation mode: else its output would depend on the batch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.style import InceptionPredictor, StyleModel

NAME = "published"
TITLE = "as published (eager, float32)"


class Published(nn.Module):
    """Predictor and transformer.

    Args:
        model: Full-size networks with the published preprocessing; the weights are copied.
    """

    def __init__(self, model: StyleModel) -> None:
        super().__init__()
        self.predictor = _Predictor()
        self.predictor.load_state_dict(model.predictor.state_dict())
        self.transformer = _Transformer()
        renamed = {_published_name(name): value for name, value in model.transformer.state_dict().items()}
        self.transformer.load_state_dict(renamed)
        self.eval()

    def forward(self, images: Tensor, sampled: Tensor, alpha: float) -> Tensor:
        """Restyles images [B, 3, H, W] in [0, 1] by sampled embeddings [B, 100], mixed with the images' own."""
        base = self.predictor(images)
        restyled: Tensor = self.transformer(images, alpha * sampled + (1 - alpha) * base)
        return restyled.detach()


class _Transformer(nn.Module):
    """Eleven layers, named as in the published checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                _ConvInRelu(3, 32, 9, 1),
                _ConvInRelu(32, 64, 3, 2),
                _ConvInRelu(64, 128, 3, 2),
                *(_ResidualBlock(128) for _ in range(5)),
                _UpsampleConvInRelu(128, 64, 3, upsample=2, activation=nn.ReLU()),
                _UpsampleConvInRelu(64, 32, 3, upsample=2, activation=nn.ReLU()),
                _UpsampleConvInRelu(32, 3, 9, upsample=None, activation=None),
            ]
        )

    def forward(self, images: Tensor, styles: Tensor) -> Tensor:
        features = images
        for number, layer in enumerate(self.layers):
            features = layer(features) if number < 3 else layer(features, styles)
        return torch.sigmoid(features)


class _ConvInRelu(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(kernel // 2)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride)
        self.norm = nn.InstanceNorm2d(outputs)

    def forward(self, features: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(self.pad(features))))


class _ResidualBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(1)
        self.norm = nn.InstanceNorm2d(width)
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3), nn.Conv2d(width, width, 3)
        self.fc_beta1, self.fc_gamma1 = nn.Linear(100, width), nn.Linear(100, width)
        self.fc_beta2, self.fc_gamma2 = nn.Linear(100, width), nn.Linear(100, width)

    def forward(self, features: Tensor, styles: Tensor) -> Tensor:
        inner = self.norm(self.conv1(self.pad(features)))
        inner = torch.relu(_wide(self.fc_gamma1(styles)) * inner + _wide(self.fc_beta1(styles)))
        inner = self.norm(self.conv2(self.pad(inner)))
        inner = _wide(self.fc_gamma2(styles)) * inner + _wide(self.fc_beta2(styles))
        summed: Tensor = features + inner
        return summed


class _UpsampleConvInRelu(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, upsample: int | None, activation: nn.Module | None
    ) -> None:
        super().__init__()
        self.upsample = nn.Upsample(scale_factor=upsample) if upsample else nn.Identity()
        self.pad = nn.ReflectionPad2d(kernel // 2)
        self.conv = nn.Conv2d(inputs, outputs, kernel)
        self.norm = nn.InstanceNorm2d(outputs)
        self.fc_beta, self.fc_gamma = nn.Linear(100, outputs), nn.Linear(100, outputs)
        self.activation = activation or nn.Identity()

    def forward(self, features: Tensor, styles: Tensor) -> Tensor:
        normed = self.norm(self.conv(self.pad(self.upsample(features))))
        result: Tensor = self.activation(_wide(self.fc_gamma(styles)) * normed + _wide(self.fc_beta(styles)))
        return result


class _Predictor(InceptionPredictor):
    """torchvision's blocks as ours has them, behind the two maps that are published instead of their product."""

    def __init__(self) -> None:
        super().__init__(preprocessing="published")
        self.scale.fill_(1.0)
        self.shift.zero_()

    def forward(self, images: Tensor) -> Tensor:
        mean = images.new_tensor([0.485, 0.456, 0.406])[:, None, None]
        normed = (images - mean) / images.new_tensor([0.229, 0.224, 0.255])[:, None, None]
        mapped = (normed * images.new_tensor([0.229, 0.224, 0.225])[:, None, None] + mean) * 2 - 1
        return super().forward(mapped)


def _wide(values: Tensor) -> Tensor:
    return values[:, :, None, None]


def _published_name(name: str) -> str:
    """The published checkpoint's name of one of `StyleTransformer`'s tensors."""
    part, number, *rest = name.split(".")
    if part == "contract":
        return ".".join(["layers", number, *rest])
    if part == "residual":
        which, layer, kind = rest[0], rest[1], rest[-1]
        place = {"first": 1, "second": 2}[which]
        return f"layers.{3 + int(number)}.{'' if layer == 'conv' else 'fc_'}{layer}{place}.{kind}"
    if part == "expand":
        return f"layers.{8 + int(number)}.{'' if rest[1] == 'conv' else 'fc_'}{rest[1]}.{rest[-1]}"
    return f"layers.10.{'' if number == 'conv' else 'fc_'}{number}.{rest[-1]}"  # paint.conv.weight: number is "conv"
