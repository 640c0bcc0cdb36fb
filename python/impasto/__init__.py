"""impasto: MixGen, style randomization and fast image-text loading for PyTorch, with a Rust core.

>>> import impasto
>>> impasto.MixGen(ratio=0.25, lam=0.5)
MixGen(ratio=0.25, lam=0.5)
"""

from typing import Any

import lazy_loader

from impasto import moved

# Nothing is imported before it is asked for: torch costs a second.
_lazy, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
_named = moved.with_hints(__name__, _lazy)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("impasto")
    return _named(name)
