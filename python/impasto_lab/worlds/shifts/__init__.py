"""Rendered pictures with a shortcut to their class, and domains in which the shortcut breaks."""

from impasto_lab.worlds.shifts.looks import Terms, classes
from impasto_lab.worlds.shifts.office31_like import Office31Like, render_office31
from impasto_lab.worlds.shifts.stl10_like import Stl10Like, Stl10World, render_stl10

__all__ = ["Office31Like", "Stl10Like", "Stl10World", "Terms", "classes", "render_office31", "render_stl10"]
