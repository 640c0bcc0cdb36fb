"""What is done to a picture after it was taken."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image

from impasto_lab.worlds.corruptions.planes import Corruption, Plane, sampled, scale, smooth

#: Of the contrast, what is left.
_CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)
#: Of 244 pixels: strength of the shifts, how smooth they are, and how far corners go.
_ELASTIC = ((2, 0.7, 0.1), (2, 0.08, 0.2), (0.05, 0.01, 0.02), (0.07, 0.01, 0.02), (0.12, 0.01, 0.02))
_ELASTIC_SIDE = 244
#: Of the side, what is left.
_PIXELATE = (0.6, 0.5, 0.4, 0.3, 0.25)
#: Qualities.
_JPEG = (25, 18, 15, 10, 7)


def contrast(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Less contrast, about each channel's mean."""
    del rng
    mean = image.mean(axis=(0, 1))
    worse: Plane = (image - mean) * _CONTRAST[severity] + mean
    return worse


def elastic(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Small parts are stretched, after the whole was sheared a little."""
    strength, softness, corner = (value * _ELASTIC_SIDE * scale(image) for value in _ELASTIC[severity])
    height, width = image.shape[:2]
    rows, columns = (axis.astype(np.float64) for axis in np.indices((height, width)))
    # Three corners of a square go elsewhere; of affine maps, one does that.
    near, far = 1 / 2 - 1 / 3, 1 / 2 + 1 / 3
    square = np.array([[near, near, 1], [near, far, 1], [far, near, 1]]) * np.array([height, width, 1])
    moved = square[:, :2] + rng.uniform(-corner, corner, (3, 2))
    map_ = np.linalg.solve(square, moved)  # [3, 2]
    places = np.stack([rows, columns, np.ones_like(rows)], axis=-1) @ map_
    down, across = (smooth(rng.uniform(-1, 1, (height, width)), softness) * strength for _ in range(2))
    return sampled(image, places[..., 0] + down, places[..., 1] + across)


def pixelate(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Fewer pixels, shown as squares."""
    del rng
    height, width = image.shape[:2]
    small = (max(int(width * _PIXELATE[severity]), 1), max(int(height * _PIXELATE[severity]), 1))
    picture = _picture(image).resize(small, PIL.Image.Resampling.BOX)
    return np.asarray(picture.resize((width, height), PIL.Image.Resampling.NEAREST), np.float64) / 255


def jpeg(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Compressed as JPEG."""
    del rng
    file = io.BytesIO()
    _picture(image).save(file, "JPEG", quality=_JPEG[severity])
    return np.asarray(PIL.Image.open(file), np.float64) / 255


def _picture(image: Plane) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.rint(image * 255).astype(np.uint8))


KINDS: dict[str, Corruption] = {
    "contrast": contrast,
    "elastic transform": elastic,
    "pixelate": pixelate,
    "JPEG compression": jpeg,
}
