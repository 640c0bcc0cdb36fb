"""The names of this face, each where it lives: read by type checkers, and at run time by the lazy loader."""

from .running import run as run
from .settings import DefaultStyle as DefaultStyle
