"""Small data sets made here, deterministically, in the on-disk formats of the real ones."""

from impasto_lab.worlds.formats.layout import World
from impasto_lab.worlds.formats.sample import Sample
from impasto_lab.worlds.formats.writer import write_world
from impasto_lab.worlds.photographs.world import write_photographs
from impasto_lab.worlds.scenes.world import render_scenes
from impasto_lab.worlds.styles.world import StyleFolder, render_styles

__all__ = ["Sample", "StyleFolder", "World", "render_scenes", "render_styles", "write_photographs", "write_world"]
