"""How a style model is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from impasto.checks import at_least, choice, require


@dataclass(frozen=True, kw_only=True)
class StyleTraining:
    """How a style model is trained.

    Args:
        networks: ``"compact"`` (1.1 M parameters, for CPUs) or ``"full"`` (the published networks, 11 M).
        objective: ``"balanced"`` or ``"magenta"``; see `impasto.style.transfer.objectives`.
        features: What losses look at: ``"small"`` for our own trained features, ``"vgg16"`` for torchvision's with
            ImageNet's weights in torch's cache, or a file of either; the compact predictor looks at ours, or the file.
        scales: Sizes that losses look at images in: 1 for their own, 2 for half of it too, and so on.
        joint: Train the predictor too, as published; otherwise it stays as it began.
        linear: Train the compact predictor's linear layer, and nothing else of it.
        grain: Whether compact networks have noise for textures to be made of; None leaves a model that is begun with as
            it is, and gives a new one some. Such a model gets it without effect at first, and never loses it.
        bilinear: Whether compact networks double sizes bilinearly; None likewise.
        give_back: Score images with what the network loses given back, as the compact model is used.
        side: Of the square images, in pixels.
        batch_size: Pairs in a batch, on each process.
        steps: Batches, over all epochs.
        lr: The highest learning rate; half a cosine follows, or nothing changes with ``constant``.
        constant: Keep the learning rate.
        warmup: Steps until the highest learning rate.
        clip: Largest norm of all gradients together, or None.
        style_weight: Of the style loss at the beginning and at the end; None takes the objective's own.
        variation_weight: Of total variation; None takes the objective's own.
        identity_weight: Of pixels at strength 0, in the balanced objective.
        colors: Weight of colours in the balanced objective's style loss.
        spectrum_weight: Of the difference of spectra, in the balanced objective; 0 looks at none.
        grid_weight: Of what recurs after four pixels, likewise.
        naming_weight: Of what classifiers call painted images, likewise, where the training is given some.
        fall_weight: Of the logarithm of what is left of contents' style loss, likewise.
        partial: Share of rows with a strength below 1; see `StyleTransferTask`.
        content_scale: Share of a content image that a random crop takes, as in `ImageRecipe`.
        style_scale: The same of style images.
        jitter: Change brightness, contrast, saturation and hue of style images: more palettes from few images.
        amp: Mixed precision: ``"off"``, ``"bfloat16"`` or ``"float16"``.
        backend: What runs the networks: ``"eager"``, ``"torchscript"`` or ``"compile"``.
        seed: Of everything.
        log_every: Steps between two records.
        picture_every: Steps between two pictures; 0 for one at the end alone.
        save_every: Steps between two checkpoints; 0 for one at the end alone.

    Raises:
        RecipeError: If a value makes no sense.
    """

    networks: Literal["compact", "full"] = "compact"
    objective: Literal["balanced", "magenta"] = "balanced"
    features: str = "small"
    scales: int = 1
    joint: bool = False
    linear: bool = False
    grain: bool | None = None
    bilinear: bool | None = None
    give_back: bool = False
    side: int = 96
    batch_size: int = 8
    steps: int = 10_000
    lr: float = 2e-3
    constant: bool = False
    warmup: int = 100
    clip: float | None = 1.0
    style_weight: tuple[float, float] | None = None
    variation_weight: float | None = None
    identity_weight: float = 10.0
    colors: float = 1.0
    spectrum_weight: float = 0.0
    grid_weight: float = 0.0
    naming_weight: float = 0.0
    fall_weight: float = 0.0
    partial: float = 0.3
    content_scale: tuple[float, float] = (0.2, 1.0)
    style_scale: tuple[float, float] = (0.2, 0.9)
    jitter: bool = True
    amp: Literal["off", "bfloat16", "float16"] = "off"
    backend: Literal["eager", "torchscript", "compile"] = "eager"
    seed: int = 0
    log_every: int = 50
    picture_every: int = 500
    save_every: int = 500

    def __post_init__(self) -> None:
        # They are torch's: settings are read before it is there.
        from impasto.style import InceptionPredictor, SmallVGG

        choice("networks", self.networks, ("compact", "full"))
        choice("objective", self.objective, ("balanced", "magenta"))
        choice("backend", self.backend, ("eager", "torchscript", "compile"))
        at_least(1, batch_size=self.batch_size, steps=self.steps, log_every=self.log_every, scales=self.scales)
        at_least(0, picture_every=self.picture_every, save_every=self.save_every)
        named = "spectrum_weight, grid_weight, naming_weight and fall_weight"
        further = (self.spectrum_weight, self.grid_weight, self.naming_weight, self.fall_weight)
        require(all(0 <= weight < math.inf for weight in further), f"{named} must be finite, and not negative")
        fits = self.objective == "balanced" or max(further) == 0
        require(fits, f"{named} belong to the balanced objective; leave them at 0")
        smallest = InceptionPredictor.smallest if self.networks == "full" else SmallVGG.smallest
        require(self.side >= smallest, f"side={self.side} is too small for the predictor; use at least {smallest}")
        fits = not self.linear or (self.networks == "compact" and not self.joint)
        require(fits, "linear=True trains a part of the compact predictor alone; leave joint off")
        require(self.networks == "compact" or self.joint, "the full predictor knows nothing yet; use joint=True")

    @classmethod
    def compact(cls, **changes: Any) -> StyleTraining:
        """Small networks with the balanced objective; a run of few steps warms up over a tenth of them."""
        warmup = {"warmup": min(100, changes["steps"] // 10)} if "steps" in changes else {}
        return cls(**(warmup | changes))

    @classmethod
    def magenta(cls, **changes: Any) -> StyleTraining:
        """After Magenta's recipe of arbitrary image stylization: full networks, VGG-16, 256 pixels, 1e-5.

        The published run took about 3 million steps on eight GPUs. It differs: its loss weights belong to features of
        pixels in 0..255 (see `MagentaObjective`) and to plain Adam, where our loop has AdamW with other betas; and it
        changes style images by more than `ColorJitter` does, adding brightness and bringing each batch of styles to
        another size.
        """
        recipe: dict[str, Any] = {
            "networks": "full",
            "objective": "magenta",
            "features": "vgg16",
            "joint": True,
            "side": 256,
            "batch_size": 8,
            "steps": 3_000_000,
            "lr": 1e-5,
            "constant": True,
            "warmup": 0,
            "clip": None,
            "partial": 0.0,
            "log_every": 100,
            "picture_every": 5000,
            "save_every": 5000,
        }
        return cls(**(recipe | changes))
