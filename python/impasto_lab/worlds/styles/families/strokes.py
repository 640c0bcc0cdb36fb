"""Families painted stroke by stroke: oil, impasto, palette knife, pointillism, pastel."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.brushes import Brush, Canvas, brush
from impasto_lab.worlds.styles.canvas.fields import Values, noise, step
from impasto_lab.worlds.styles.canvas.filters import blur
from impasto_lab.worlds.styles.canvas.palette import mix
from impasto_lab.worlds.styles.canvas.picture import luminance, run
from impasto_lab.worlds.styles.family import Painting
from impasto_lab.worlds.styles.style import Style


def _layer(
    canvas: Canvas,
    tool: Brush,
    picture: Values,
    angles: Values,
    spacing: float,
    rng: np.random.Generator,
    *,
    where: Values | None = None,
    jitter: float = 0.05,
) -> None:
    """Strokes all over the canvas, in random order.

    Args:
        canvas: What is painted on.
        tool: The brush.
        picture: Where colours come from.
        angles: [H, W], the way strokes go.
        spacing: How far apart strokes are, in pixels.
        rng: Their stream.
        where: [H, W], how likely a stroke is painted; everywhere if None.
        jitter: How far colours are off.
    """
    height, width = angles.shape
    rows, columns = (np.arange(-0.5, extent / spacing + 0.5, 1.0) for extent in (height, width))
    at = np.stack(np.meshgrid(rows, columns, indexing="ij")).reshape(2, -1)
    at = (at + rng.uniform(-0.6, 0.6, at.shape)) * spacing
    at = at[:, rng.permutation(at.shape[1])]
    row, column = (np.clip(at[axis].astype(np.int64), 0, extent - 1) for axis, extent in enumerate((height, width)))
    if where is not None:
        kept = rng.random(row.size) < where[row, column]
        at, row, column = at[:, kept], row[kept], column[kept]
    light = rng.normal(0, jitter, (row.size, 1)) + rng.normal(0, 0.6 * jitter, (row.size, 3))
    inks = picture[row, column] + light.astype(np.float32)
    turns = angles[row, column] + rng.normal(0, 0.12, row.size).astype(np.float32)
    canvas.stroke(tool, at[0], at[1], turns, inks, rng.integers(64, size=row.size))


def _oil(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Broad strokes first, then narrower ones, then the narrowest where there is detail."""
    wide = style.on(min(picture.shape[:2]))
    angles, edges = run(picture, 1.2 * wide, rng, style["wild"], 12 * wide)
    long = style["length"]
    ground = blur(picture, 2 * wide) * np.float32(0.9)
    canvas = Canvas(ground)
    for share, where in ((1.8, None), (1.0, None), (0.55, np.clip(2 * edges - 0.3, 0, 1))):
        width = max(share * wide, 2.0)
        tool = brush(rng, long * width, width, bristles=style["bristles"], bend=style["bend"])
        spacing = width * (0.55 + 0.17 * long)
        soft = blur(picture, 0.3 * width)
        _layer(canvas, tool, soft, angles, spacing, rng, where=where, jitter=style["jitter"])
    return canvas.seen(relief=style["relief"], angle=style["light"])


def _impasto(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Paint laid on thick with a full brush or a knife, shining where it catches the light."""
    wide = 1.3 * style.on(min(picture.shape[:2]))
    angles, edges = run(picture, wide, rng, style["wild"], 9 * wide)
    canvas = Canvas(blur(picture, wide) * np.float32(0.8))
    for share, where in ((1.3, None), (0.8, np.clip(0.35 + edges, 0, 1))):
        width = share * wide
        tool = brush(rng, style["length"] * width, width, bristles=style["bristles"], bend=0.2)
        _layer(canvas, tool, blur(picture, 0.3 * width), angles, 0.85 * width, rng, where=where, jitter=style["jitter"])
    return canvas.seen(relief=style["relief"], angle=style["light"], gloss=1.2)


def _points(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Touches of pure colour that mix in the eye, on a primed ground."""
    wide = style.on(min(picture.shape[:2]))
    tool = brush(rng, style["length"] * wide, wide, bristles=0.15, shapes=2)
    angles, _ = run(picture, 1.5 * wide, rng, 0.5, 10 * wide)
    primed = style.ink(0) * np.ones_like(picture)
    canvas = Canvas(primed, flat=style["relief"] < 0.1)
    vivid = luminance(picture)[..., None] + (picture - luminance(picture)[..., None]) * np.float32(style["vivid"])
    for _ in range(3):
        _layer(canvas, tool, vivid, angles, 1.45 * wide, rng, jitter=style["jitter"])
    return canvas.seen(relief=style["relief"], gloss=0.2)


def _pastel(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Chalk on rough, tinted paper: it takes on the paper's teeth alone."""
    shape = picture.shape[:2]
    wide = style.on(min(shape))
    angles, _ = run(picture, 2 * wide, rng, style["wild"], 20 * wide)
    canvas = Canvas(picture, flat=True)
    tool = brush(rng, 7 * wide, wide, bristles=1.0)
    chalk = picture * np.float32(0.9) + np.float32(0.1)
    for _ in range(2):
        _layer(canvas, tool, chalk, angles, 1.8 * wide, rng, jitter=style["jitter"])
    drawn = canvas.seen()
    tooth = 0.7 * noise(rng, shape, max(1.0, style["tooth"] * min(shape) / 256)) + 0.5 * noise(rng, shape, 1)
    pressed = noise(rng, shape, 5 * wide) * 0.25 + style["press"] + 0.6 * (luminance(drawn) - luminance(drawn).mean())
    paper = style.ink(0) * (1 + 0.04 * tooth[..., None])
    return mix(paper, drawn, step(pressed + tooth, 0, 0.9))


FAMILIES = {
    "oil": Painting(
        repaint=_oil,
        scales=(3, 14),
        traits={
            "length": (3, 5.5),
            "wild": (0.3, 1.5),
            "bristles": (0.2, 0.9),
            "bend": (0, 0.35),
            "jitter": (0.01, 0.07),
            "relief": (0.1, 0.45),
            "light": (-3.1, 0),
        },
    ),
    "impasto": Painting(
        repaint=_impasto,
        scales=(4.5, 14),
        traits={
            "length": (1.4, 2.8),
            "wild": (0.5, 2.5),
            "bristles": (0.1, 0.8),
            "jitter": (0.03, 0.1),
            "relief": (0.7, 1.6),
            "light": (-3.1, 0),
        },
    ),
    "pointillism": Painting(
        repaint=_points,
        scales=(3, 10),
        traits={"length": (1, 1.8), "vivid": (1, 1.8), "jitter": (0.06, 0.16), "relief": (0, 0.3), "dark": (0, 0.8)},
    ),
    "pastel": Painting(
        repaint=_pastel,
        scales=(3, 9),
        traits={"wild": (0.3, 3), "jitter": (0.03, 0.09), "tooth": (1, 1.8), "press": (0.4, 1.1), "dark": (0, 1)},
    ),
}
