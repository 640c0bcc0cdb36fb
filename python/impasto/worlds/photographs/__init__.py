"""Real photographs with captions, cut and varied: what scikit-image and scikit-learn carry."""

from impasto.worlds.photographs.catalogue import Photograph, Region, catalogue
from impasto.worlds.photographs.world import photographs, write_photographs

__all__ = ["Photograph", "Region", "catalogue", "photographs", "write_photographs"]
