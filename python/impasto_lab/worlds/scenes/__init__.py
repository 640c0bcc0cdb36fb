"""Rendered scenes: coloured shapes on textured backgrounds, with captions that say what is where."""

from impasto_lab.worlds.scenes.plan import Scene, Thing, draw_scene
from impasto_lab.worlds.scenes.rendering import render
from impasto_lab.worlds.scenes.world import SIZES, Size, render_scenes, samples

__all__ = ["SIZES", "Scene", "Size", "Thing", "draw_scene", "render", "render_scenes", "samples"]
