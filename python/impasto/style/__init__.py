"""Style randomization: networks, random styles, the module that applies them, and style as an objective.

>>> import impasto.style
>>> impasto.style.interpolate.__name__
'interpolate'
"""

import lazy_loader

from impasto import moved

_lazy, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = moved.with_hints(__name__, _lazy)
