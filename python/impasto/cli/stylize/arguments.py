"""What `impasto stylize` is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from impasto.cli.flags import Given
from impasto.cli.kinds import Device, File, Positional, Positive
from impasto.cli.opening import Opening
from impasto.jobs import StylizeSettings

_WRITTEN = ("copies", "ratio", "keep_original", "format", "shard_size", "batch_size")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """How one picture is painted.

    Args:
        grid: A sheet of NxN, the original first.
        method: Networks, or optimisation on the picture itself.
    """

    grid: Positive | None = None
    method: Literal["network", "optimize"] = "network"


@dataclass(frozen=True, kw_only=True)
class Optimizing:
    """How one picture is optimised.

    Args:
        steps: How many.
        optimizer: By default lbfgs with VGG, else adam.
        features: Where pictures are compared: vgg19, vgg16 (torchvision's, if they are cached), small (impasto's own),
            a file, or auto: vgg19 if it is cached, else small.
        pooling: Of VGG.
        preset: Losses and weights, by default gatys with VGG, else relative.
        style_weight: Of the style loss, by default the preset's.
        content_weight: Of the content loss, by default the preset's.
        tv_weight: Of total variation, by default the preset's.
        init: What the picture begins as.
        every: Write the picture every N steps too.
    """

    steps: Positive = 200
    optimizer: Literal["lbfgs", "adam"] | None = None
    features: str = "auto"
    pooling: Literal["max", "average"] = "max"
    preset: Literal["gatys", "neural-style", "pytorch-tutorial", "relative"] | None = None
    style_weight: float | None = None
    content_weight: float | None = None
    tv_weight: float | None = None
    init: Literal["content", "noise"] = "content"
    every: Positive | None = None


@dataclass(frozen=True, kw_only=True)
class Copies:
    """How a data set's copies are made.

    Args:
        workers: Processes; 0 is this one alone.
        skip_bad: List images that can't be used, and go on.
    """

    settings: Annotated[dict[str, Any], Given(StylizeSettings, None, _WRITTEN)] = field(default_factory=dict)
    workers: int = 0
    skip_bad: bool = False
    opening: Opening = field(default_factory=Opening)


@dataclass(frozen=True, kw_only=True)
class Stylize:
    """Paints a picture, or every image of a data set, in another style.

    A picture (JPEG, PNG, WebP) is painted in a random style, or in that of --style; --grid shows many. With --method
    optimize its pixels are optimised until their features are those of --style (Gatys et al. 2016): slower, and for one
    style only.

    Anything else is a data set, of any format that `impasto info` knows: OUT becomes a folder of tar shards with
    stylized copies, captions and labels, which is read like any data set. A run that was stopped goes on when it is
    given again.

    Args:
        data: A picture, or a data set.
        out: A picture, by default IN-stylized.png, or a folder.
        alpha: Strength from 0 to 1, or a range such as 0.2,0.8; by default 0.5, with --style 1.
        style: Take this picture's style.
        seed: Of the random styles, by default 0 for a data set, a new one for a picture.
        size: Scale down to this longer side first.
        model: A .safetensors, or the folder of the three published .pth; by default impasto's own.
        device: Where it runs; auto takes a GPU if there is one.
        quality: Of JPEG and WebP.
        json: Write what was done as JSON too ('-': to standard output, alone).
    """

    data: Annotated[Positional[str], "IN"]
    out: Annotated[Positional[str], "OUT"] | None = None
    alpha: float | tuple[float, float] | None = None
    style: Annotated[str, "PICTURE"] | None = None
    seed: int | None = None
    size: Annotated[Positive, "PIXELS"] | None = None
    model: File | None = None
    device: Device = "auto"
    quality: Positive = 95
    json: File | None = None
    picture: Annotated[dict[str, Any], Given(Picture, "a picture")] = field(default_factory=dict)
    optimizing: Annotated[dict[str, Any], Given(Optimizing, "a picture, with --method optimize")] = field(
        default_factory=dict
    )
    copies: Annotated[dict[str, Any], Given(Copies, "a data set")] = field(default_factory=dict)
