"""Real photographs with captions, cut and varied: what scikit-image and scikit-learn carry."""

from impasto_lab.worlds.photographs.listing import Photograph, Region, carried_by_package, catalogue
from impasto_lab.worlds.photographs.world import count, samples, write_photographs

__all__ = ["Photograph", "Region", "carried_by_package", "catalogue", "count", "samples", "write_photographs"]
