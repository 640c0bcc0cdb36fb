"""Style randomization: networks, random styles, the module that applies them, and style as an objective.

>>> import impasto.style
>>> impasto.style.interpolate.__name__
'interpolate'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
