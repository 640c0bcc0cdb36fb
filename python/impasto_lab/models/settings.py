"""Sizes of the models: a test's, one for a CPU, and the papers'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

from impasto.checks import at_least, choice, require
from impasto_lab.models.blocks.vit import Activation

#: What reads captions in a CLIP: its own transformer, or a BERT.
TextKind = Literal["causal", "bert"]
#: ``"tiny"`` is for tests, ``"small"`` for a CPU, ``"base"`` the papers'.
Preset = Literal["tiny", "small", "base"]

#: Of the sizes that are not the papers': width, layers over images, sides of images and of patches.
_SMALL: dict[Preset, tuple[int, int, int, int]] = {"tiny": (64, 2, 32, 8), "small": (96, 3, 48, 12)}


@dataclass(frozen=True, kw_only=True)
class _Settings:
    vocabulary: int
    image_size: int
    patch: int
    text_length: int

    def __post_init__(self) -> None:
        counts = {name: value for name, value in vars(self).items() if type(value) is int}
        at_least(0, **counts)
        fits = self.image_size % self.patch == 0
        require(fits, f"image_size={self.image_size} is no multiple of patch={self.patch}")

    @classmethod
    def _made(cls, preset: Preset, presets: dict[Preset, dict[str, Any]], changes: dict[str, Any]) -> Self:
        choice("preset", preset, tuple(presets))
        return cls(**presets[preset] | changes)


@dataclass(frozen=True, kw_only=True)
class ClipSettings(_Settings):
    """The sizes of a CLIP (Radford et al. 2021); the defaults are ViT-B/32's.

    Args:
        vocabulary: Number of ids.
        image_size: Side of the images, in pixels.
        patch: Side of a patch, in pixels.
        image_width: Of the image tower's vectors.
        image_layers: Of the image tower.
        image_heads: Of the image tower's attentions.
        text_length: The most tokens of a caption.
        text_width: Of the text tower's vectors.
        text_layers: Of the text tower.
        text_heads: Of the text tower's attentions.
        dim: Of the common space.
        text: What reads captions: ``"causal"`` is CLIP's own, ``"bert"`` a `BertTower`.
        activation: ``"quick_gelu"`` is OpenAI's, ``"gelu"`` that of most of open_clip's models.
    """

    vocabulary: int = 49408
    image_size: int = 224
    patch: int = 32
    image_width: int = 768
    image_layers: int = 12
    image_heads: int = 12
    text_length: int = 77
    text_width: int = 512
    text_layers: int = 12
    text_heads: int = 8
    dim: int = 512
    text: TextKind = "causal"
    activation: Activation = "quick_gelu"

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("text", self.text, ("causal", "bert"))

    @classmethod
    def preset(cls, name: Preset, **changes: Any) -> Self:
        """The sizes of a name, some of them changed: ``ClipSettings.preset("small", vocabulary=512)``."""
        presets: dict[Preset, dict[str, Any]] = {"base": {}}
        for size, (width, layers, side, patch) in _SMALL.items():
            presets[size] = {
                "image_size": side, "patch": patch, "image_width": width, "image_layers": layers, "image_heads": 4,
                "text_length": 32, "text_width": width, "text_layers": 2, "text_heads": 4, "dim": width,
            }  # fmt: skip
        return cls._made(name, presets, changes)


@dataclass(frozen=True, kw_only=True)
class ViltSettings(_Settings):
    """The sizes of a ViLT (Kim et al. 2021); the defaults are ViLT-B/32's.

    Args:
        vocabulary: Number of ids.
        image_size: Side of the images that the places of patches are for, in pixels.
        patch: Side of a patch, in pixels.
        width: Of the vectors.
        layers: Of the one stream.
        heads: Of the attentions.
        text_length: The most tokens of a caption.
        dropout: Everywhere.
    """

    vocabulary: int = 30522
    image_size: int = 384
    patch: int = 32
    width: int = 768
    layers: int = 12
    heads: int = 12
    text_length: int = 40
    dropout: float = 0.1

    @classmethod
    def preset(cls, name: Preset, **changes: Any) -> Self:
        """The sizes of a name, some of them changed: ``ViltSettings.preset("small", vocabulary=512)``."""
        presets: dict[Preset, dict[str, Any]] = {"base": {}}
        for size, (width, layers, side, patch) in _SMALL.items():
            presets[size] = {
                "image_size": side, "patch": patch, "width": width, "layers": layers + 1, "heads": 4, "dropout": 0.0,
            }  # fmt: skip
        return cls._made(name, presets, changes)


@dataclass(frozen=True, kw_only=True)
class FusionSettings(_Settings):
    """The sizes of an ALBEF (Li et al. 2021) or a TCL (Yang et al. 2022), which has the same; the defaults are theirs.

    Args:
        vocabulary: Number of ids.
        image_size: Side of the images, in pixels.
        patch: Side of a patch, in pixels.
        image_width: Of the image encoder's vectors.
        image_layers: Of the image encoder.
        image_heads: Of the image encoder's attentions.
        text_length: The most tokens of a caption.
        text_width: Of the text's vectors.
        text_layers: Layers that read the caption alone.
        fusion_layers: Layers after them that read the image too.
        text_heads: Of the text's attentions.
        dim: Of the space in which images and captions are compared.
        queue: Features kept of earlier batches: a multiple of the global batch, or 0.
        momentum: Of the slow copies.
        temperature: What similarities are divided by at the beginning; it is learned.
        dropout: In the text's layers.
    """

    vocabulary: int = 30522
    image_size: int = 256
    patch: int = 16
    image_width: int = 768
    image_layers: int = 12
    image_heads: int = 12
    text_length: int = 512
    text_width: int = 768
    text_layers: int = 6
    fusion_layers: int = 6
    text_heads: int = 12
    dim: int = 256
    queue: int = 65536
    momentum: float = 0.995
    temperature: float = 0.07
    dropout: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.momentum <= 1, f"momentum={self.momentum} must lie in [0, 1]")
        require(self.temperature > 0, f"temperature={self.temperature} must be positive")

    @classmethod
    def preset(cls, name: Preset, **changes: Any) -> Self:
        """The sizes of a name, some of them changed: ``FusionSettings.preset("small", vocabulary=512)``."""
        presets: dict[Preset, dict[str, Any]] = {"base": {}}
        for size, (width, layers, side, patch) in _SMALL.items():
            presets[size] = {
                "image_size": side, "patch": patch, "image_width": width, "image_layers": layers, "image_heads": 4,
                "text_length": 32, "text_width": width, "text_layers": 2, "fusion_layers": 2, "text_heads": 4,
                "dim": width // 2, "queue": 256, "momentum": 0.99, "dropout": 0.0,
            }  # fmt: skip
        return cls._made(name, presets, changes)
