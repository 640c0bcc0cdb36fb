"""The demonstration: real photographs from files to mixed batches, a trained model and a report."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
