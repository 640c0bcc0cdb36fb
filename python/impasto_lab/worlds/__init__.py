"""Small data sets made here, deterministically, in the on-disk formats of the real ones."""

from impasto_lab.worlds.formats.layout import World
from impasto_lab.worlds.formats.sample import Sample
from impasto_lab.worlds.formats.writer import write_world
from impasto_lab.worlds.instances.crowd import Crowd
from impasto_lab.worlds.instances.world import DETECT, SEGMENT, write_instances
from impasto_lab.worlds.photographs.world import write_photographs
from impasto_lab.worlds.scenes.world import render_scenes
from impasto_lab.worlds.shifts import Office31Like, Stl10Like, Stl10World, Terms, render_office31, render_stl10
from impasto_lab.worlds.styles.world import StyleFolder, render_styles

__all__ = [
    "DETECT",
    "SEGMENT",
    "Crowd",
    "Office31Like",
    "Sample",
    "Stl10Like",
    "Stl10World",
    "StyleFolder",
    "Terms",
    "World",
    "render_office31",
    "render_scenes",
    "render_stl10",
    "render_styles",
    "write_instances",
    "write_photographs",
    "write_world",
]
