"""Style randomization: networks, random styles, training, and the module that applies them.

>>> import impasto.style
>>> impasto.style.interpolate.__name__
'interpolate'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.style.embedding import EmbeddingDistribution as EmbeddingDistribution
    from impasto.style.embedding import interpolate as interpolate
    from impasto.style.model import StyleModel as StyleModel
    from impasto.style.opening import open_model as open_model
    from impasto.style.randomize.plan import StylePlan as StylePlan
    from impasto.style.randomize.randomizer import StyleRandomizer as StyleRandomizer
    from impasto.style.randomize.transform import StyleTransform as StyleTransform

# Imported when first asked for: torchvision is optional.
_HOMES = {
    "EmbeddingDistribution": "impasto.style.embedding",
    "StyleModel": "impasto.style.model",
    "StylePlan": "impasto.style.randomize.plan",
    "StyleRandomizer": "impasto.style.randomize.randomizer",
    "StyleTransform": "impasto.style.randomize.transform",
    "interpolate": "impasto.style.embedding",
    "open_model": "impasto.style.opening",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'impasto.style' has no attribute {name!r}")
    value: Any = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
