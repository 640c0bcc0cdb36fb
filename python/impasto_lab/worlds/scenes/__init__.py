"""Rendered scenes: coloured shapes on textured or plain grounds, with captions that say what is where."""

from impasto_lab.worlds.scenes.fitting import fits
from impasto_lab.worlds.scenes.manner import MANNERS, RICH, USUAL, Manner
from impasto_lab.worlds.scenes.plan import Scene, Thing, draw_scene
from impasto_lab.worlds.scenes.rendering import render
from impasto_lab.worlds.scenes.vocabulary import PLAIN_GROUNDS
from impasto_lab.worlds.scenes.world import SIZES, Size, render_scenes, samples

__all__ = [
    "MANNERS",
    "PLAIN_GROUNDS",
    "RICH",
    "SIZES",
    "USUAL",
    "Manner",
    "Scene",
    "Size",
    "Thing",
    "draw_scene",
    "fits",
    "render",
    "render_scenes",
    "samples",
]
