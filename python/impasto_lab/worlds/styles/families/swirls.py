"""Families whose strokes follow a current through the whole picture: swirls, scratchboard."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw

from impasto_lab.worlds.styles.canvas.fields import Values, noise, step
from impasto_lab.worlds.styles.canvas.filters import blur, lit
from impasto_lab.worlds.styles.canvas.palette import mix, shaded
from impasto_lab.worlds.styles.canvas.picture import luminance, run, stretched
from impasto_lab.worlds.styles.canvas.raster import to_bytes, to_image, to_values
from impasto_lab.worlds.styles.family import Painting
from impasto_lab.worlds.styles.style import Style

_STEPS = 9


def _swirls(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    shape = picture.shape[:2]
    wide = max(style.on(min(shape)), 2.5)
    angles, _ = run(picture, 3 * wide, rng, style["wild"], style["turn"] * min(shape))
    stride = style["length"] * wide / _STEPS
    count = int(style["dense"] * 2.6 * shape[0] * shape[1] / (wide * stride * _STEPS))
    at = rng.uniform(0, 1, (2, count)).astype(np.float32) * np.array(shape, np.float32)[:, None]
    paths = _paths(at, angles, stride)
    row, column = (np.clip(at[axis].astype(np.int64), 0, shape[axis] - 1) for axis in (0, 1))
    jitter = rng.normal(0, style["jitter"], (count, 1)) + rng.normal(0, 0.7 * style["jitter"], (count, 3))
    inks = [tuple(ink) for ink in to_bytes(blur(picture, wide)[row, column] + jitter.astype(np.float32)).tolist()]
    widths = np.maximum(np.rint(2 * wide * rng.uniform(0.55, 1.15, count)), 2).astype(np.int64).tolist()
    levels = rng.integers(60, 255, count).tolist()
    ground = blur(picture, 2 * wide) * np.float32(style["ground"])
    paint = to_image(ground).resize((2 * shape[1], 2 * shape[0]), PIL.Image.Resampling.BILINEAR)
    height = PIL.Image.new("L", paint.size, 40)
    brush, ridge = PIL.ImageDraw.Draw(paint), PIL.ImageDraw.Draw(height)
    for path, ink, width, level in zip(paths, inks, widths, levels, strict=True):
        brush.line(path, ink, width)
        ridge.line(path, level // 2, width)
        ridge.line(path, level, max(1, width // 3))
    painted, raised = to_values(paint.reduce(2)), blur(to_values(height.reduce(2)), 0.6)
    shade, gloss = lit(raised, style["light"], 6 * style["relief"])
    return shaded(painted, 1 + shade) + 0.5 * gloss[..., None]


def _paths(at: Values, angles: Values, stride: float) -> list[list[float]]:
    """Where strokes go from their middles, both ways along the current: x and y in turn, at twice the size.

    Args:
        at: [2, n], rows and columns.
        angles: [H, W]; a current and its opposite are the same.
        stride: From point to point, in pixels.
    """
    height, width = angles.shape
    way = np.stack([np.sin(angles), np.cos(angles)])
    halves = []
    for sense in (-1, 1):
        here, heading = at, None
        points = [here]
        for _ in range(_STEPS // 2):
            row = np.clip(here[0].astype(np.int64), 0, height - 1)
            column = np.clip(here[1].astype(np.int64), 0, width - 1)
            ahead = way[:, row, column]
            ahead = ahead * sense if heading is None else ahead * np.where((ahead * heading).sum(axis=0) < 0, -1, 1)
            here, heading = here + np.float32(stride) * ahead, ahead
            points.append(here)
        halves.append(points)
    path = np.stack([*halves[0][:0:-1], *halves[1]])  # [points, 2, n]
    flat: list[list[float]] = (2 * path[:, ::-1]).transpose(2, 0, 1).reshape(at.shape[1], -1).tolist()
    return flat


def _scratch(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Short strokes of a nib that follow the form, in dark and light ink on a toned ground."""
    shape = picture.shape[:2]
    unit = max(style.on(min(shape)), 2.5)
    angles, _ = run(picture, 2 * unit, rng, style["wild"], 14 * unit)
    light = stretched(blur(luminance(picture), 0.5 * unit))
    grain = noise(rng, shape, 0.6 * unit)
    down, across = np.sin(angles), np.cos(angles)
    height, width = shape
    rows, columns = np.indices(shape, dtype=np.float32)
    total = np.zeros(shape, np.float32)
    # Noise averaged along the way that lines run makes threads of it.
    for reach in np.linspace(-3 * unit, 3 * unit, 9):
        row = np.clip(rows + reach * down, 0, height - 1).astype(np.int64)
        column = np.clip(columns + reach * across, 0, width - 1).astype(np.int64)
        total += grain[row, column]
    thread = total / max(float(total.std()), 1e-6)
    toned = style.ramp(np.full(shape, 0.5, np.float32)) * (1 - style["color"]) + picture * style["color"]
    dark = step((0.5 - light) * 4.2 + thread, 1.0, 0.5)
    pale = step((light - 0.5) * 4.2 - thread, 1.0, 0.5)
    drawn = mix(toned, style.ramp(np.zeros(1, np.float32))[0], dark)
    return mix(drawn, style.ramp(np.ones(1, np.float32))[0], pale)


FAMILIES = {
    "swirls": Painting(
        repaint=_swirls,
        scales=(2.5, 7),
        traits={
            "wild": (0.5, 2.2),
            "turn": (0.15, 0.5),
            "length": (6, 14),
            "dense": (0.7, 1.3),
            "jitter": (0.03, 0.12),
            "ground": (0.3, 1),
            "relief": (0, 0.8),
            "light": (-3.1, 0),
        },
    ),
    "scratch": Painting(
        repaint=_scratch,
        scales=(2, 8),
        traits={"wild": (0.3, 2), "color": (0, 1)},
    ),
}
