"""The names of this face, each where it lives: read by type checkers, and at run time by the lazy loader."""

from .classification import ClassificationTask as ClassificationTask
from .classification import Labeled as Labeled
from .contrastive import ContrastiveTask as ContrastiveTask
from .geodesic import GeodesicTask as GeodesicTask
from .held_out import HeldOut as HeldOut
