"""Styles to train style transfer on: procedural textures and painterly renderings, by the hundred."""

from impasto_lab.worlds.styles.catalogue import APART, FAMILIES, PAINTERLY, draw_apart, draw_style
from impasto_lab.worlds.styles.render import paint, render_style
from impasto_lab.worlds.styles.style import Style
from impasto_lab.worlds.styles.world import StyleFolder, render_styles

__all__ = [
    "APART",
    "FAMILIES",
    "PAINTERLY",
    "Style",
    "StyleFolder",
    "draw_apart",
    "draw_style",
    "paint",
    "render_style",
    "render_styles",
]
