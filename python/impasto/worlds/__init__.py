"""Small data sets made here, deterministically, in the on-disk formats of the real ones."""

from impasto.worlds.layout import World
from impasto.worlds.photographs.world import write_photographs
from impasto.worlds.sample import Sample
from impasto.worlds.scenes.world import render_scenes
from impasto.worlds.styles.world import StyleFolder, render_styles
from impasto.worlds.writer import write_world

__all__ = ["Sample", "StyleFolder", "World", "render_scenes", "render_styles", "write_photographs", "write_world"]
