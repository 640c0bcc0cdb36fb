"""Mixing pairs: plans, images, captions and ids, as functions, a module and a collate function; losses beside them.

>>> from impasto import MixGen, mixgen
>>> print(mixgen.plan_at(MixGen(ratio=0.25), batch_size=8))
0+2@0.5, 1+3@0.5
"""

import lazy_loader

from impasto import moved

_lazy, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = moved.with_hints(__name__, _lazy)
