"""A small detector without anchors: a map of middles for each class, and the box around each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.checks import require

#: Pixels of the image for one place of the maps.
STRIDE = 4
#: The largest share of a box's side by which a place may be off its middle and still be of it, as in FCOS's sampling.
_NEAR = 0.25
_MOST = 100


class CenterDetector(nn.Module):
    """Finds things by their middles (CenterNet, Zhou et al. 2019; the boxes' sides as in FCOS, Tian et al. 2019).

    It is used as torchvision's detectors are: images and targets give losses in training, images alone boxes otherwise.

    Args:
        classes: Kinds of things; labels run from 1 to as many.
        width: Channels at the first stage.

    Examples:
        >>> detector = CenterDetector(3).eval()
        >>> [sorted(one) for one in detector(torch.rand(2, 3, 64, 64))]
        [['boxes', 'labels', 'scores'], ['boxes', 'labels', 'scores']]
    """

    def __init__(self, classes: int, *, width: int = 24) -> None:
        super().__init__()
        wide, wider = 2 * width, 4 * width
        self.stem = nn.Sequential(_conv(3, width, stride=2), _Block(width), _conv(width, wide, stride=2), _Block(wide))
        self.down = nn.Sequential(_conv(wide, wider, stride=2), _Block(wider), _conv(wider, wider, stride=2))
        self.deep = nn.Sequential(_Block(wider), _Block(wider))
        self.middle, self.fine = _conv(wider, wide), _conv(wide, wide)
        last = nn.Conv2d(wide, classes, 1)
        self.classes = nn.Sequential(_conv(wide, wide), last)
        self.sides = nn.Sequential(_conv(wide, wide), nn.Conv2d(wide, 4, 1))
        # At first everything is ground, or the loss of all the empty places drowns that of the things.
        nn.init.constant_(last.bias, -4.0)  # type: ignore[arg-type]  # it has one

    def maps(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What each place says.

        Args:
            images: [B, 3, H, W] in [0, 1]; sides are multiples of 16.

        Returns:
            Logits [B, classes, H / 4, W / 4] of being the middle of a thing of a class, and distances [B, 4, H / 4, W /
            4] to the left, upper, right and lower side of its box, in pixels, above 0.
        """
        height, width = images.shape[-2:]
        require(height % 16 == width % 16 == 0, f"images of {height} x {width} pixels need sides that 16 divides")
        fine = self.stem((images - 0.5) / 0.25)
        deep = self.middle(self.deep(self.down(fine)))
        mixed = self.fine(fine + functional.interpolate(deep, fine.shape[-2:], mode="bilinear", align_corners=False))
        return self.classes(mixed), STRIDE * functional.softplus(self.sides(mixed) + 1)

    def forward(
        self, images: Tensor | Sequence[Tensor], targets: Sequence[Mapping[str, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Losses of images with targets, in training; else what is found.

        Args:
            images: [B, 3, H, W], or B of one size, in [0, 1].
            targets: For each image ``boxes`` [M, 4] and ``labels`` [M], from 1.

        Returns:
            ``middles`` and ``sides``, scalars; or for each image ``boxes`` [N, 4], ``labels`` [N] and ``scores`` [N].

        Raises:
            RecipeError: If targets are missing in training.
        """
        batch = images if isinstance(images, Tensor) else torch.stack(list(images))
        logits, sides = self.maps(batch)
        if not self.training:
            return _found(logits, sides)
        require(targets is not None, "a detector in training needs targets; call eval() to detect")
        assert targets is not None
        return _losses(logits, sides, targets)


def _losses(logits: Tensor, sides: Tensor, targets: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """CenterNet's penalty-reduced focal loss of the middles, and the generalized IoU loss of boxes near them."""
    wanted, boxes, near = aims(targets, logits.shape, logits.device)
    chance = logits.sigmoid().clamp(1e-4, 1 - 1e-4)
    is_middle = wanted == 1
    hit = -((1 - chance) ** 2) * chance.log() * is_middle
    miss = -((1 - wanted) ** 4) * chance**2 * (1 - chance).log() * ~is_middle
    things = is_middle.sum().clamp(min=1)
    middles = (hit + miss).sum() / things
    at = _boxes(sides).permute(0, 2, 3, 1)[near]  # [P, 4]
    overlap = _generalized_iou(at, boxes[near])
    return {"middles": middles, "sides": (1 - overlap).sum() / near.sum().clamp(min=1)}


def aims(
    targets: Sequence[Mapping[str, Tensor]], shape: torch.Size, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """What the maps should say.

    Args:
        targets: Of B images.
        shape: Of the logits: B, classes, height, width.
        device: Where to.

    Returns:
        A map [B, classes, height, width] that is 1 at middles and falls off as a Gaussian of the box's size, the boxes
        [B, height, width, 4] that places near a middle belong to, and whether each does, bool [B, height, width].
    """
    count, _, height, width = shape
    wanted = torch.zeros(shape, device=device)
    boxes, near = torch.zeros(count, height, width, 4, device=device), torch.zeros(count, height, width, device=device)
    y, x = (torch.arange(side, device=device) + 0.5 for side in (height, width))
    for row, target in enumerate(targets):
        given = target["boxes"].to(device)
        area = (given[:, 2:] - given[:, :2]).prod(dim=1)
        for number in area.argsort(descending=True).tolist():  # the smaller lies above
            box, label = given[number], int(target["labels"][number]) - 1
            middle, size = (box[:2] + box[2:]) / 2 / STRIDE, ((box[2:] - box[:2]) / STRIDE).clamp(min=1)
            far_x, far_y = (x - middle[0]) / size[0], (y - middle[1]) / size[1]
            bell = torch.exp(-((far_x[None, :] ** 2 + far_y[:, None] ** 2) / (2 * 0.18**2)))
            column, line = (int(value.clamp(0, side - 1)) for value, side in zip(middle, (width, height), strict=True))
            wanted[row, label] = torch.maximum(wanted[row, label], 0.99 * bell)
            wanted[row, label, line, column] = 1.0
            mine = (far_x[None, :].abs() < _NEAR) & (far_y[:, None].abs() < _NEAR)
            mine[line, column] = True
            boxes[row][mine], near[row][mine] = box, 1.0
    return wanted, boxes, near.bool()


def _boxes(sides: Tensor) -> Tensor:
    """[B, 4, H, W]: left, top, right and bottom of the box that each place speaks of."""
    height, width = sides.shape[-2:]
    y = STRIDE * (torch.arange(height, device=sides.device) + 0.5)[:, None].expand(height, width)
    x = STRIDE * (torch.arange(width, device=sides.device) + 0.5)[None, :].expand(height, width)
    left, top, right, bottom = sides.unbind(dim=1)
    return torch.stack([x - left, y - top, x + right, y + bottom], dim=1)


def _found(logits: Tensor, sides: Tensor) -> list[dict[str, Tensor]]:
    """The highest peaks of each image, which no neighbor of their class tops, with their boxes."""
    chance = logits.sigmoid()
    peaks = chance * (functional.max_pool2d(chance, 3, stride=1, padding=1) == chance)
    height, width = logits.shape[-2:]
    scores, places = peaks.flatten(1).topk(min(_MOST, peaks[0].numel()))  # [B, N]
    boxes = _boxes(sides).flatten(2).gather(2, (places % (height * width))[:, None].expand(-1, 4, -1))  # [B, 4, N]
    limits = torch.tensor([width, height, width, height], device=logits.device) * STRIDE
    inside = torch.minimum(boxes.transpose(1, 2).clamp(min=0), limits)
    labels = places // (height * width) + 1
    return [{"boxes": inside[row], "labels": labels[row], "scores": scores[row]} for row in range(len(logits))]


def _generalized_iou(one: Tensor, other: Tensor) -> Tensor:
    """[P] of boxes [P, 4] (Rezatofighi et al. 2019)."""
    low, high = torch.maximum(one[:, :2], other[:, :2]), torch.minimum(one[:, 2:], other[:, 2:])
    around = torch.maximum(one[:, 2:], other[:, 2:]) - torch.minimum(one[:, :2], other[:, :2])
    both = (high - low).clamp(min=0).prod(dim=1)
    union = (one[:, 2:] - one[:, :2]).prod(dim=1) + (other[:, 2:] - other[:, :2]).prod(dim=1) - both
    hull = around.prod(dim=1)
    return both / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)


def _conv(given: int, made: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(given, made, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU(inplace=True)
    )


class _Block(nn.Module):
    """Two convolutions beside the identity (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """[B, width, H, W], both."""
        return functional.relu(x + self.second(self.first(x)))
