"""Style transfer by optimisation on the image itself (Gatys, Ecker & Bethge 2016)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from typing import Any, Literal

import torch
from torch import Generator, Tensor

from impasto.checks import choice, is_count, is_number, require
from impasto.errors import DivergedError
from impasto.style.networks.vgg import Features
from impasto.style.randomize.check_images import check_form, check_range, check_size
from impasto.style.transfer.losses import content_loss, gram, total_variation

#: Called with the step's number, the picture [B, 3, H, W] as it is then, and its losses.
OnStep = Callable[[int, Tensor, dict[str, float]], None]
Normalization = Literal["gatys", "elements", "positions", "relative"]


@dataclass(frozen=True, kw_only=True)
class PictureObjective:
    """What a picture is optimised for: ``content_weight * L_content + style_weight * L_style + tv_weight * L_tv``.

    Attributes:
        content_layers: Where contents are compared; None for the features' own choice.
        style_layers: Where styles are compared; None for the features' own choice.
        content_weight: Of the content loss.
        style_weight: Of the style loss.
        tv_weight: Of `total_variation`.
        normalization: ``"gatys"``: equations 1 and 5 of the paper, half the sum of squared differences of features, and
            squared differences of ``F F^T`` over ``4 C^2 (HW)^2``, the mean over layers. ``"elements"``: means of
            squared differences, of ``F F^T / (C H W)``, the sum over layers (neural-style, PyTorch's tutorial).
            ``"positions"``: the same of ``F F^T / (H W)``. ``"relative"``: squared differences as shares of what they
            aim at, ``|G - A|^2 / |A|^2``, the mean over layers, so that weights mean the same for any features.
        init: What the picture begins as: ``"content"``, or ``"noise"``.
    """

    content_layers: tuple[str, ...] | None = None
    style_layers: tuple[str, ...] | None = None
    content_weight: float = 1.0
    style_weight: float = 1e3
    tv_weight: float = 0.0
    normalization: Normalization = "gatys"
    init: Literal["content", "noise"] = "content"


_TUTORIAL = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1")  # its conv_1 to conv_5

#: Published choices, and ours. Weights belong to features of one scale: neural-style's are Caffe's, of pixels in
#: 0..255; "relative" is for any. What the paper calls conv4_2 holds values after ReLU, which Caffe computes in place.
PRESETS: dict[str, PictureObjective] = {
    "gatys": PictureObjective(init="noise"),
    "neural-style": PictureObjective(
        content_weight=5.0, style_weight=1e2, tv_weight=1e-3, normalization="elements", init="noise"
    ),
    "pytorch-tutorial": PictureObjective(
        content_layers=("conv2_2",), style_layers=_TUTORIAL, style_weight=1e6, normalization="elements"
    ),
    "relative": PictureObjective(style_weight=10.0, tv_weight=100.0, normalization="relative"),
}


@dataclass(frozen=True, eq=False)
class OptimizeResult:
    """A picture, and how it came about.

    Attributes:
        image: [B, 3, H, W] float32, in [0, 1].
        losses: Of the picture at each step, from the beginning to the end: ``"loss"`` with the weights, and
            ``"content"``, ``"style"`` and ``"variation"`` without; ``steps + 1`` of them.
    """

    image: Tensor
    losses: list[dict[str, float]]


def optimize(
    content: Tensor,
    style: Tensor,
    *,
    features: Features,
    preset: str | None = None,
    method: Literal["lbfgs", "adam"] = "lbfgs",
    steps: int = 300,
    lr: float | None = None,
    start: Tensor | None = None,
    generator: Generator | None = None,
    on_step: OnStep | None = None,
    **changes: Any,
) -> OptimizeResult:
    """Changes a picture's pixels until its features are the content's and their statistics the style's.

    Pixels stay in [0, 1] throughout. The same arguments give the same picture on the same machine.

    Args:
        content: [B, 3, H, W] float, in [0, 1].
        style: [1 or B, 3, H', W'] float, in [0, 1], of any size.
        features: Where images are compared; on the images' device.
        preset: A name of `PRESETS`; None takes ``"gatys"`` for VGG and ``"relative"`` for other features.
        method: ``"lbfgs"`` with a line search, as in the paper, or ``"adam"``, which takes more and cheaper steps.
        steps: How many.
        lr: Step length; None for 1 with L-BFGS and 0.04 with Adam (half of it in pixel values).
        start: [B, 3, H, W] float, in [0, 1]: what the picture begins as, whatever the objective's ``init``.
        generator: Where noise comes from, on its device; None takes torch's own.
        on_step: Called at the beginning, and after every step.
        **changes: Fields of `PictureObjective` that differ from the preset's, such as ``style_weight=1e4``.

    Raises:
        RecipeError: If images aren't of these shapes, have values outside of [0, 1] or that aren't finite, are too
            small for the layers, or an option makes no sense.
        DivergedError: If the loss is no longer a number.
    """
    objective = _objective(features, preset, changes)
    choice("method", method, ("lbfgs", "adam"))
    require(is_count(steps) and steps >= 0, f"steps={steps!r} must be a whole number, 0 or more")
    require(lr is None or (is_number(lr) and 0 < lr < float("inf")), f"lr={lr!r} must be a positive number")
    content, style = _checked("content", content), _checked("style", style)
    require(
        len(style) in (1, len(content)), f"{len(style)} styles for {len(content)} contents; give one, or one for each"
    )
    score = _Score(features, objective, content, style)
    canvas = content
    if start is not None:
        canvas = _checked("start", start)
        require(canvas.shape == content.shape, f"start is {list(start.shape)}, content {list(content.shape)}")
    elif objective.init == "noise":
        device = content.device if generator is None else generator.device
        noise = torch.randn(content.shape, generator=generator, device=device).to(content.device)
        canvas = 0.5 + 0.15 * noise
    # Pixels are (1 + sin(angle)) / 2, so that no step leaves [0, 1]. Clamping pixels instead made L-BFGS end at a loss
    # almost five times as high, and salted the picture: where it is cut off, the curvature that was learnt is wrong.
    angles = torch.asin(2 * canvas.clamp(0.01, 0.99) - 1).requires_grad_()
    optimizer: torch.optim.Optimizer
    if method == "lbfgs":
        # Its thresholds are for losses of another scale than ours.
        optimizer = torch.optim.LBFGS(
            [angles],
            lr=lr or 1.0,
            max_iter=1,
            max_eval=20,
            history_size=30,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
    else:
        optimizer = torch.optim.Adam([angles], lr=lr or 0.04)
    losses: list[dict[str, float]] = []
    seen: tuple[Tensor, Tensor] | None = None
    terms: dict[str, Tensor] = {}

    def note(step: int) -> None:
        found = {name: float(value) for name, value in terms.items()}
        if not all(isfinite(value) for value in found.values()):
            advice = "lower the weights or lr, or use method='adam'"
            raise DivergedError(f"the loss is no longer a number at step {step}: {found}; {advice}")
        losses.append(found)
        if on_step is not None:
            on_step(step, _painted(angles.detach()), found)

    def closure(step: int) -> Tensor:
        nonlocal seen, terms
        # A line search ends where it looked last, and the next step begins there: its gradient is there already.
        if seen is None or not torch.equal(seen[0], angles):
            optimizer.zero_grad()
            found = score(_painted(angles))
            terms = {name: value.detach() for name, value in found.items()}
            first = losses[0]["loss"] if losses else float(terms["loss"])
            # L-BFGS drops curvature below 1e-10: every objective begins at the same height.
            scaled = found["loss"] * (1e3 / max(first, 1e-8))
            torch.autograd.backward(scaled, inputs=[angles])
            seen = angles.detach().clone(), scaled.detach()
        if len(losses) == step:  # the first evaluation: the picture is as the last step left it
            note(step)
        return seen[1]

    for step in range(steps):
        optimizer.step(partial(closure, step))  # type: ignore[no-untyped-call,unused-ignore]
    closure(steps)
    return OptimizeResult(_painted(angles.detach()), losses)


def _painted(angles: Tensor) -> Tensor:
    return (1 + torch.sin(angles)) / 2


class _Score:
    """The objective's terms, with everything that doesn't change computed once."""

    def __init__(self, features: Features, objective: PictureObjective, content: Tensor, style: Tensor) -> None:
        self.features, self.objective = features, objective
        self.content_layers = objective.content_layers or features.content
        self.style_layers = objective.style_layers or features.style
        self.kind: Literal["elements", "positions"] = (
            "elements" if objective.normalization == "elements" else "positions"
        )
        with torch.no_grad():
            self.contents = features.extract(content, self.content_layers)
            self.grams = {n: gram(f, self.kind) for n, f in features.extract(style, self.style_layers).items()}

    def __call__(self, canvas: Tensor) -> dict[str, Tensor]:
        found = self.features.extract(canvas, (*self.content_layers, *self.style_layers))
        terms = {
            "content": torch.stack([self._content(found[name], aim) for name, aim in self.contents.items()]).sum(),
            "style": torch.stack([self._style(found[name], aim) for name, aim in self.grams.items()]).sum(),
            "variation": total_variation(canvas).sum(),
        }
        weights = (self.objective.content_weight, self.objective.style_weight, self.objective.tv_weight)
        total = sum((weight * term for weight, term in zip(weights, terms.values(), strict=True)), torch.zeros(()))
        return {"loss": total, **terms}

    def _content(self, features: Tensor, aim: Tensor) -> Tensor:
        mean = content_loss(features, aim)  # [B]
        if self.objective.normalization == "gatys":
            mean = mean * (features[0].numel() / 2)
        elif self.objective.normalization == "relative":
            mean = mean / aim.square().flatten(1).mean(dim=1).clamp(min=1e-12) / len(self.contents)
        return mean.sum()

    def _style(self, features: Tensor, aim: Tensor) -> Tensor:
        mean = (gram(features, self.kind) - aim).square().mean(dim=(1, 2))  # [B]
        if self.objective.normalization == "gatys":
            mean = mean / (4 * len(self.grams))
        elif self.objective.normalization == "relative":
            mean = mean / aim.square().mean(dim=(1, 2)).clamp(min=1e-12) / len(self.grams)
        return mean.sum()


def _objective(features: Features, preset: str | None, changes: dict[str, Any]) -> PictureObjective:
    preset = preset or ("gatys" if features.content == ("relu4_2",) and len(features.depths) == 5 else "relative")
    choice("preset", preset, tuple(PRESETS))
    fields = tuple(PictureObjective.__dataclass_fields__)
    for name in changes:
        require(name in fields, f"{name}={changes[name]!r} is not known; an objective has {', '.join(fields)}")
    objective = replace(PRESETS[preset], **changes)
    choice("normalization", objective.normalization, ("gatys", "elements", "positions", "relative"))
    choice("init", objective.init, ("content", "noise"))
    for name in ("content_weight", "style_weight", "tv_weight"):
        value = getattr(objective, name)
        require(is_number(value) and 0 <= value < float("inf"), f"{name}={value!r} must be a number, 0 or more")
    return objective


def _checked(name: str, images: Tensor) -> Tensor:
    """The images in float32, without a graph."""
    check_form(images, name)
    good = images.ndim == 4 and images.is_floating_point() and len(images) > 0
    require(good, f"{name} must be [B, 3, H, W] float in [0, 1], not {list(images.shape)} {images.dtype}")
    check_size(images, 2, "total variation needs neighbours", name)
    check_range(images, name)
    return images.detach().to(torch.float32).clamp(0, 1).contiguous()
