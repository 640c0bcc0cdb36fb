"""Small data sets made here, deterministically, in the on-disk formats of the real ones."""

from impasto.worlds.layout import World
from impasto.worlds.photographs import photographs, write_photographs
from impasto.worlds.sample import Sample
from impasto.worlds.scenes import render_scenes, scenes
from impasto.worlds.writer import write_world

__all__ = ["Sample", "World", "photographs", "render_scenes", "scenes", "write_photographs", "write_world"]
