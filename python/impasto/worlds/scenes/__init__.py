"""Rendered scenes: coloured shapes on textured backgrounds, with captions that say what is where."""

from impasto.worlds.scenes.plan import Scene, Thing, draw_scene
from impasto.worlds.scenes.render import render
from impasto.worlds.scenes.world import SIZES, render_scenes, scenes

__all__ = ["SIZES", "Scene", "Thing", "draw_scene", "render", "render_scenes", "scenes"]
