"""impasto: MixGen, style randomization and fast image-text loading for PyTorch, with a Rust core.

>>> import impasto
>>> impasto.MixGen(ratio=0.25, lam=0.5)
MixGen(ratio=0.25, lam=0.5)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from impasto.errors import BadSampleBudgetError as BadSampleBudgetError
from impasto.errors import CaptionError as CaptionError
from impasto.errors import CheckpointError as CheckpointError
from impasto.errors import DecodeError as DecodeError
from impasto.errors import DeviceMemoryError as DeviceMemoryError
from impasto.errors import DivergedError as DivergedError
from impasto.errors import ImageTooLargeError as ImageTooLargeError
from impasto.errors import ImpastoError as ImpastoError
from impasto.errors import MissingExtraError as MissingExtraError
from impasto.errors import RecipeError as RecipeError
from impasto.errors import SourceError as SourceError
from impasto.errors import TruncatedImageError as TruncatedImageError
from impasto.errors import UnsupportedImageError as UnsupportedImageError
from impasto.errors import VocabularyError as VocabularyError

if TYPE_CHECKING:
    from impasto import ops as ops
    from impasto import sources as sources
    from impasto import style as style
    from impasto.augment import Augmentation as Augmentation
    from impasto.augment import ColorJitter as ColorJitter
    from impasto.augment import GaussianBlur as GaussianBlur
    from impasto.augment import Grayscale as Grayscale
    from impasto.augment import RandAugment as RandAugment
    from impasto.augment import RandomDeletion as RandomDeletion
    from impasto.augment import RandomErasing as RandomErasing
    from impasto.augment import RandomSwap as RandomSwap
    from impasto.augment import TrivialAugment as TrivialAugment
    from impasto.augment import WordAugmentation as WordAugmentation
    from impasto.batch import Batch as Batch
    from impasto.batch import BatchKey as BatchKey
    from impasto.loading import BatchDataset as BatchDataset
    from impasto.loading import BatchSampler as BatchSampler
    from impasto.loading import Loader as Loader
    from impasto.loading import MixGenCollate as MixGenCollate
    from impasto.mixgen import Beta as Beta
    from impasto.mixgen import CutMix as CutMix
    from impasto.mixgen import MixGen as MixGen
    from impasto.mixgen import MixUp as MixUp
    from impasto.ops.batch_mixgen import BatchMixGen as BatchMixGen
    from impasto.ops.mixing import plan_at as plan_at
    from impasto.plan import MixPlan as MixPlan
    from impasto.plan import Plan as Plan
    from impasto.recipe import ImageRecipe as ImageRecipe
    from impasto.recipe import Recipe as Recipe
    from impasto.recipe import TextRecipe as TextRecipe
    from impasto.style.model import StyleModel as StyleModel
    from impasto.style.randomize.randomizer import StyleRandomizer as StyleRandomizer
    from impasto.tokenizers import BertTokenizer as BertTokenizer
    from impasto.tokenizers import ClipTokenizer as ClipTokenizer

# Where each public name lives. It is imported when it is first asked for: torch costs a second.
_HOMES = {
    "RandomDeletion": "impasto.augment",
    "RandomSwap": "impasto.augment",
    "WordAugmentation": "impasto.augment",
    "CutMix": "impasto.mixgen",
    "MixUp": "impasto.mixgen",
    "Augmentation": "impasto.augment",
    "ColorJitter": "impasto.augment",
    "GaussianBlur": "impasto.augment",
    "Grayscale": "impasto.augment",
    "RandAugment": "impasto.augment",
    "RandomErasing": "impasto.augment",
    "TrivialAugment": "impasto.augment",
    "Batch": "impasto.batch",
    "BatchMixGen": "impasto.ops.batch_mixgen",
    "MixGenCollate": "impasto.loading",
    "BatchDataset": "impasto.loading",
    "BatchKey": "impasto.batch",
    "BatchSampler": "impasto.loading",
    "BertTokenizer": "impasto.tokenizers",
    "ClipTokenizer": "impasto.tokenizers",
    "ImageRecipe": "impasto.recipe",
    "Loader": "impasto.loading",
    "Beta": "impasto.mixgen",
    "MixGen": "impasto.mixgen",
    "MixPlan": "impasto.plan",
    "Plan": "impasto.plan",
    "plan_at": "impasto.ops.mixing",
    "Recipe": "impasto.recipe",
    "StyleModel": "impasto.style.model",
    "StyleRandomizer": "impasto.style.randomize.randomizer",
    "TextRecipe": "impasto.recipe",
}
_MODULES = {"ops": "impasto.ops", "sources": "impasto.sources", "style": "impasto.style"}

_ERRORS = [
    "BadSampleBudgetError",
    "CaptionError",
    "CheckpointError",
    "DecodeError",
    "DeviceMemoryError",
    "DivergedError",
    "ImageTooLargeError",
    "ImpastoError",
    "MissingExtraError",
    "RecipeError",
    "SourceError",
    "TruncatedImageError",
    "UnsupportedImageError",
    "VocabularyError",
]
__all__ = [*_ERRORS, *_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value: Any = importlib.import_module(_MODULES[name])
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name == "__version__":
        from importlib.metadata import version

        value = version("impasto")
    else:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
