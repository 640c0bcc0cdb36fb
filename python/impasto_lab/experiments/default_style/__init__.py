"""The style model that comes with impasto: how it was made, from its data to its measures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
