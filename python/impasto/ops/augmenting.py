"""Augmentations of one image: drawn for a sample, or done by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, Literal

import numpy as np

from impasto import _core
from impasto.checks import choice, instance, require
from impasto.ops.images import Image, check_image, check_keys
from impasto.recipe import Augmentation, Operation, WordAugmentation


def _copy(image: Image) -> Image:
    check_image(image)
    require(image.size > 0, f"image is empty, {list(image.shape)}")
    return np.array(image, order="C")


def _policies(policy: Any, kind: Any) -> list[Any]:
    several = [policy] if isinstance(policy, kind) or not isinstance(policy, Iterable) else list(policy)
    for one in several:
        instance("policy", one, kind)
    return several


def _is_operation(one: object) -> bool:
    if not isinstance(one, tuple | list) or len(one) != 2 or not isinstance(one[0], str):
        return False
    return isinstance(one[1], tuple | list | np.ndarray) and all(isinstance(value, Real) for value in one[1])


def augment(
    image: Image,
    policy: Augmentation | Sequence[Augmentation],
    *,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
) -> tuple[Image, list[Operation]]:
    """Draws what the loader draws for a sample, and does it to an image.

    Args:
        image: [H, W, 3] uint8.
        policy: One augmentation, or several to be drawn and done in turn.
        seed: The run's seed.
        epoch: The epoch.
        sample: The sample's number in its data set.

    Returns:
        [H, W, 3] uint8, and the names and numbers of what was done.

    Raises:
        RecipeError: If the image isn't [H, W, 3] uint8, or a key makes no sense.

    Examples:
        >>> import numpy as np, impasto
        >>> image, operations = augment(np.zeros((8, 8, 3), np.uint8), impasto.RandomErasing(p=1, fill=(9, 9, 9)))
        >>> image.max(), operations[0][0]
        (np.uint8(9), 'Erase')
    """
    check_keys(seed, epoch, sample)
    policies = _policies(policy, Augmentation)
    result = _copy(image)
    return result, _core.augment(result, [policy.native for policy in policies], seed=seed, epoch=epoch, sample=sample)


def apply(
    image: Image, operations: Sequence[Operation], *, style: Literal["torchvision", "albef"] = "torchvision"
) -> Image:
    """Does named operations to an image, such as those of a plan's row, ``batch.plan.augmentations[i]``.

    Names are torchvision's (``"Identity"``, ``"AutoContrast"``, ``"Equalize"``, ``"Brightness"`` and its factor, ...),
    and ``"Invert"``, ``"Grayscale"``, ``"Hue"`` (share of the circle), ``"GaussianBlur"`` (kernel, sigma) and
    ``"Erase"`` (left, top, width, height, R, G, B).

    Args:
        image: [H, W, 3] uint8.
        operations: Names and numbers.
        style: How warps sample: ``"torchvision"``'s nearest pixels on black, or ``"albef"``'s bilinear ones on grey.

    Returns:
        [H, W, 3] uint8.

    Raises:
        RecipeError: If there is no such operation, or the image isn't [H, W, 3] uint8.

    Examples:
        >>> import numpy as np
        >>> apply(np.full((2, 2, 3), 100, np.uint8), [("Brightness", [0.5]), ("Invert", [])])[0, 0].tolist()
        [205, 205, 205]
    """
    result = _copy(image)
    choice("style", style, ("torchvision", "albef"))
    hint = f"operations={operations!r} must be pairs of a name and numbers, such as [('Brightness', [0.5])]"
    require(isinstance(operations, Sequence) and all(map(_is_operation, operations)), hint)
    _core.apply_ops(result, [(name, list(values)) for name, values in operations], style)
    return result


def augment_caption(
    caption: str,
    policy: WordAugmentation | Sequence[WordAugmentation],
    *,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
) -> str:
    """Does to a caption's words what the loader does to a sample's.

    Args:
        caption: The caption; words are what white space parts, and are joined by single spaces.
        policy: One augmentation of words, or several.
        seed: The run's seed.
        epoch: The epoch.
        sample: The sample's number in its data set.

    Raises:
        RecipeError: If a key makes no sense.

    Examples:
        >>> import impasto
        >>> augment_caption("a dog", impasto.RandomSwap(n=1))
        'dog a'
    """
    check_keys(seed, epoch, sample)
    instance("caption", caption, str)
    policies = _policies(policy, WordAugmentation)
    return _core.augment_words(caption, [policy.native for policy in policies], seed=seed, epoch=epoch, sample=sample)
