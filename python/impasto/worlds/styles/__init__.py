"""Styles to train style transfer on: procedural textures and painterly renderings, by the hundred."""

from impasto.worlds.styles.catalogue import FAMILIES, PAINTERLY, draw_style, render_style
from impasto.worlds.styles.style import Style

__all__ = ["FAMILIES", "PAINTERLY", "Style", "draw_style", "render_style"]
