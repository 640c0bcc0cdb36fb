"""Pictures in a style: made up, or a given one painted anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.errors import RecipeError
from impasto.streams import stream
from impasto_lab.worlds.styles.canvas.picture import recolored
from impasto_lab.worlds.styles.canvas.raster import to_bytes
from impasto_lab.worlds.styles.catalogue import PAINTERLY, find
from impasto_lab.worlds.styles.compose import compose
from impasto_lab.worlds.styles.family import Painting
from impasto_lab.worlds.styles.style import Style

#: The shortest side that a picture may have, in pixels.
SMALLEST = 16


def render_style(style: Style, *, size: int = 256, variant: int = 0) -> npt.NDArray[np.uint8]:
    """Renders a picture in a style.

    Args:
        style: As `draw_style` gives it.
        size: Height and width, in pixels; at least 16. Strokes grow with it.
        variant: 0 or more; each has another layout in the same style.

    Returns:
        [size, size, 3] uint8, RGB; style, size and variant are the whole input.

    Raises:
        RecipeError: If the size is too small, the variant negative or the family unknown.
    """
    if size < SMALLEST:
        raise RecipeError(f"size={size} is too small; use at least {SMALLEST}")
    family, rng = find(style.family), _layout(style, variant)
    if isinstance(family, Painting):
        return to_bytes(family.repaint(style, compose(style.palette, (size, size), rng), rng))
    return to_bytes(family.draw(style, (size, size), rng))


def paint(image: npt.NDArray[np.uint8], style: Style, *, variant: int = 0) -> npt.NDArray[np.uint8]:
    """Paints a picture anew, such as a photograph, in a style of a painterly family.

    Light and dark stay where they are; hues are the style's, but for the share that its `fidelity` keeps.

    Args:
        image: [H, W, 3] uint8, RGB; both sides at least 16.
        style: Of a family in `PAINTERLY`.
        variant: 0 or more; each has its strokes elsewhere.

    Returns:
        [H, W, 3] uint8, RGB; image, style and variant are the whole input.

    Raises:
        RecipeError: If the family is not painterly, the variant negative, or the image not as said.
    """
    family = find(style.family)
    if not isinstance(family, Painting):
        raise RecipeError(f"family={style.family!r} repaints no pictures; use one of {', '.join(map(repr, PAINTERLY))}")
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or min(image.shape[:2]) < SMALLEST:
        given = f"{list(image.shape)} {image.dtype}"
        raise RecipeError(f"image is {given}; use [H, W, 3] uint8, both sides at least {SMALLEST}")
    picture = recolored(image.astype(np.float32) / np.float32(255), style.palette, style.fidelity)
    return to_bytes(family.repaint(style, picture, _layout(style, variant)))


def _layout(style: Style, variant: int) -> np.random.Generator:
    """The stream that a variant's layout comes from."""
    if variant < 0:
        raise RecipeError(f"variant={variant} is negative; variants are numbered from 0")
    return stream(style.seed, "layout", style.family, style.number, variant)
