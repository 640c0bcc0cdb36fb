"""Heat maps over pictures, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageDraw
from torch import Tensor
from torch.nn import functional

from impasto.checks import require
from impasto.files import new_file

#: Red, green, blue.
RIGHT, CHOSEN = (0, 220, 255), (255, 90, 200)
#: How much of the picture the hottest place hides.
_HIDDEN = 0.7


def draw_heat(
    pixels: npt.NDArray[np.uint8],
    heat: Tensor,
    boxes: Sequence[tuple[Sequence[float], tuple[int, int, int]]] = (),
) -> npt.NDArray[np.uint8]:
    """A map over its picture: gray where it is 0, from red to yellow where it is hot.

    Args:
        pixels: [H, W, 3].
        heat: [h, w], enlarged to the picture (bicubic); its largest value is the hottest, whatever it is.
        boxes: Left, top, width and height in pixels, each with its color; `RIGHT` and `CHOSEN` are an evaluation's.

    Returns:
        [H, W, 3].

    Raises:
        RecipeError: If shapes don't fit.
    """
    require(heat.dim() == 2 and heat.numel() > 0, f"a heat map {list(heat.shape)} must be [h, w]")
    require(pixels.ndim == 3 and pixels.shape[2] == 3, f"a picture {list(pixels.shape)} must be [H, W, 3]")
    height, width = pixels.shape[:2]
    large = functional.interpolate(heat.detach().cpu().double()[None, None], (height, width), mode="bicubic")[0, 0]
    warm = large.clamp(min=0).numpy()
    warm = warm / warm.max() if warm.max() > 0 else warm
    color = np.stack([np.minimum(1, 2 * warm), np.maximum(0, 2 * warm - 1), np.zeros_like(warm)], axis=2)
    gray = pixels.mean(axis=2, keepdims=True) / 255
    cover = _HIDDEN * np.sqrt(warm)[..., None]
    drawn = PIL.Image.fromarray(np.rint(255 * ((1 - cover) * gray + cover * color)).astype(np.uint8))
    pen, line = PIL.ImageDraw.Draw(drawn), max(1, max(height, width) // 200)
    for (left, top, wide, high), one in boxes:
        pen.rectangle((left, top, left + max(1.0, wide), top + max(1.0, high)), outline=one, width=line)
    return np.asarray(drawn)


def save_picture(pixels: npt.NDArray[np.uint8], folder: Path, number: int) -> str:
    """Writes a picture [H, W, 3] below ``pictures/``, and gives its file's name below the folder."""
    name = f"pictures/{number:05d}.png"
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    with new_file(folder / name) as file:
        PIL.Image.fromarray(pixels).save(file, "PNG")
    return name
