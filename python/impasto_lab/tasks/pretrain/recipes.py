"""What is done to images and captions before the models see them, as the papers did."""

from __future__ import annotations

from typing import Any

from impasto.recipe import (
    BertTokenizer,
    ClipTokenizer,
    ColorJitter,
    GaussianBlur,
    Grayscale,
    ImageRecipe,
    MixGen,
    RandAugment,
    Recipe,
    TextRecipe,
)
from impasto_lab.tasks.pretrain.settings import PretrainSettings

#: TCL's teacher sees the image in other colors (Yang et al. 2022, the published code).
_OTHER_COLORS = (
    ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, p=0.8),
    Grayscale(p=0.2),
    GaussianBlur(kernel=9, sigma=(0.1, 2.0), p=0.5),
)


def recipe_of(settings: PretrainSettings, image_size: int, tokenizer: ClipTokenizer | BertTokenizer) -> Recipe:
    """What a model is trained on.

    RandAugment is for large models and long runs: the small presets go without. ViLT's images are brought to a square,
    where the published code keeps their aspect.

    Args:
        settings: The model, its size and its mixing.
        image_size: Side of its images, in pixels.
        tokenizer: Makes its ids.
    """
    base = settings.preset == "base"
    crop: dict[str, Any] = {"size": image_size}
    image: ImageRecipe | tuple[ImageRecipe, ...]
    if settings.model == "clip":
        image = ImageRecipe(**crop, scale=(0.9, 1.0), hflip=0.0)
    elif settings.model == "vilt":
        augment = (RandAugment(n=2, m=9, ops="torchvision"),) if base else ()
        image = ImageRecipe(**crop, crop="none", normalize="inception", augment=augment)
    else:
        augment = (RandAugment(n=2, m=7),) if base else ()
        crop |= {"scale": (0.2, 1.0), "hflip": 0.5}
        image = ImageRecipe(**crop, augment=augment)
        if settings.model == "tcl":
            image = (image, ImageRecipe(**crop, augment=(*_OTHER_COLORS, *augment)))
    prepare: dict[str, Any] = {"prepare": "caption", "max_words": 30} if settings.fuses else {}
    mix = None if settings.mixgen == "none" else share_of(settings.mixgen, settings.ratio)
    return Recipe(image=image, text=TextRecipe(tokenizer=tokenizer, length=settings.tokens, **prepare), mix=mix)


def share_of(variant: str, ratio: float) -> MixGen:
    """A variant of MixGen on a share of each batch, in [0, 1]; of more than a half, partners come from all of it."""
    return MixGen.variant(variant, ratio=ratio, pairing="shuffle" if ratio > 0.5 else "block")
