"""Small data sets made here, deterministically, in the on-disk formats of the real ones."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
