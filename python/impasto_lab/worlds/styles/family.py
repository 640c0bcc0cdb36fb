"""What a family of styles is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Shape, Values
from impasto_lab.worlds.styles.style import Style


@dataclass(frozen=True, kw_only=True)
class Texture:
    """A family whose pictures show nothing but their own pattern.

    Attributes:
        draw: From a style, the picture's shape and a random stream to [H, W, 3] float32, RGB from 0 to 1.
        scales: Least and largest `Style.scale`, in pixels at 256.
        traits: What its styles vary, each from least to most.
    """

    draw: Callable[[Style, Shape, np.random.Generator], Values]
    scales: tuple[float, float]
    traits: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Painting:
    """A family that paints a picture anew.

    Attributes:
        repaint: From a style, a picture ([H, W, 3] float32, RGB from 0 to 1) and a random stream to another.
        scales: See `Texture`.
        traits: See `Texture`.
    """

    repaint: Callable[[Style, Values, np.random.Generator], Values]
    scales: tuple[float, float]
    traits: Mapping[str, tuple[float, float]] = field(default_factory=dict)


Family = Texture | Painting
