"""A user's own function at work on each image, between loading and mixing."""

from __future__ import annotations

import multiprocessing
import multiprocessing.context
import pickle
import random
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from impasto import _core
from impasto.checks import require
from impasto.errors import RecipeError, TransformError
from impasto.streams import stream

#: From an image [H, W, 3] uint8 (RGB, cropped, resized, flipped) and a random stream of its own to another like it.
Transform = Callable[[npt.NDArray[np.uint8], np.random.Generator], Any]


@dataclass(frozen=True)
class Seeded:
    """A transform that draws from the process's generators (torchvision's, imgaug's), seeded for each image.

    torch's, numpy's and Python's generators are seeded from the image's own stream, and put back afterwards. They
    belong to the whole process: beside a loader's threads others would draw from them meanwhile, so that this is
    refused there.

    Args:
        transform: From an image to another like it. A `torch.nn.Module` (torchvision's v2 transforms and their
            ``Compose``, and a v1 ``Compose`` of modules) is given a tensor [3, H, W] uint8, any other function an array
            [H, W, 3] uint8. (A function that takes an ``rng`` beside it is a transform as it is, from threads too.)

    Raises:
        RecipeError: If it is a v1 ``Compose`` of modules and of functions, which take images of different kinds.
        TransformError: When it is called anywhere but in a process's main thread (with a Loader, use
            ``processes=True`` or ``workers=0``), or a module gives another kind of image than it was given.

    Examples:
        >>> from torchvision.transforms import v2
        >>> Seeded(v2.RandomInvert(p=1.0))(np.full((2, 2, 3), 5, np.uint8), np.random.default_rng(0)).max()
        np.uint8(250)
    """

    transform: Callable[[Any], Any]

    def __post_init__(self) -> None:
        _takes_tensors(self.transform)

    def __call__(self, image: npt.NDArray[np.uint8], rng: np.random.Generator) -> Any:
        """Transforms an image."""
        if threading.current_thread() is not threading.main_thread():
            raise TransformError(
                "it draws from generators that all threads share; use Loader(processes=True) or workers=0, or draw "
                "from the rng that a transform is given"
            )
        seeds = rng.integers(0, 2**32, 3)
        before = torch.default_generator.get_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
        torch.default_generator.manual_seed(int(seeds[0]))
        np.random.seed(int(seeds[1]))  # noqa: NPY002  the generator that others draw from
        random.seed(int(seeds[2]))
        try:
            return _through(self.transform, image) if _takes_tensors(self.transform) else self.transform(image)
        finally:
            torch.default_generator.set_state(before[0])
            np.random.set_state(before[1])  # noqa: NPY002
            random.setstate(before[2])


class Transforms:
    """What is done to each view of a sample.

    Args:
        transform: One function for all views, or a sequence of one for each, None where nothing is done.
        views: Number of views.

    Raises:
        RecipeError: If it is something else, or a module that is not `Seeded`.
    """

    def __init__(self, transform: Transform | Sequence[Transform | None] | None, views: int) -> None:
        given = tuple(transform) if isinstance(transform, Sequence) else (transform,) * views
        fits = len(given) == views and all(one is None or callable(one) for one in given)
        require(fits, f"transform={transform!r} must be a function of (image, rng), or one (or None) for each view")
        for one in given:
            require(
                not _takes_tensors(one),
                f"transform={_name(one)} is a torch module, which draws from generators of the whole process: wrap it, "
                "transform=impasto.loading.Seeded(...), with processes=True or workers=0",
            )
        self._given = given

    def __getstate__(self) -> dict[str, Any]:
        # Other picklers, such as Ray's, take functions that the one of new processes doesn't.
        if multiprocessing.context.get_spawning_popen() is not None:
            try:
                pickle.dumps(self._given)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                raise RecipeError(
                    f"transform={', '.join(map(_name, self._given))} doesn't pickle, which processes that are not "
                    f"forked need: {error}; use a function at the top of a module, or threads (processes=False)"
                ) from error
        return vars(self)

    def facts(self) -> dict[str, str]:
        """What a state says of them."""
        told = [_name(one) for one in self._given]
        return {"transform": ", ".join(told)} if any(one is not None for one in self._given) else {}

    def apply(self, staged: _core.Staged, samples: Sequence[int], *, seed: int, epoch: int) -> None:
        """Transforms the images of a batch that are staged, one after another.

        Args:
            staged: The batch.
            samples: The samples' numbers: the random streams' names, with seed, epoch and view.
            seed: The run's seed.
            epoch: The epoch.

        Raises:
            TransformError: If a transform fails, or gives no image of the same size; it names the sample.
        """
        for view, transform in enumerate(self._given):
            if transform is None:
                continue
            for row, sample in enumerate(samples):
                image = staged.image(view, row)
                rng = stream(seed, "transform", epoch, sample, view)
                try:
                    changed = _image(transform(image, rng), image.shape)
                except Exception as error:
                    reason = str(error) if isinstance(error, TransformError) else f"{type(error).__name__}: {error}"
                    key = staged.loaded().keys[row]
                    raise TransformError(f"transform of view {view} failed: {reason}", key=key) from error
                staged.set_image(view, row, changed)


def _takes_tensors(transform: object) -> bool:
    """Whether a transform is given tensors [3, H, W]: torchvision's v2 passes arrays through untouched.

    Raises:
        RecipeError: If a part of it would take tensors and another arrays.
    """
    kind = getattr(sys.modules.get("torchvision.transforms"), "Compose", None)  # who has one has imported it
    if kind is None or not isinstance(transform, kind):
        return isinstance(transform, torch.nn.Module)
    modules = [isinstance(part, torch.nn.Module) for part in transform.transforms]
    require(
        all(modules) or not any(modules),
        f"{_name(transform)} is of modules, which are given tensors, and of functions, which are given arrays; make it "
        "a torchvision.transforms.v2.Compose, all of which is given tensors",
    )
    return any(modules)


def _through(module: Callable[[Any], Any], image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """What a module makes of an image: from [H, W, 3] to the tensor [3, H, W] that it takes, and back."""
    given = torch.from_numpy(image).permute(2, 0, 1).contiguous()
    changed = _uint8(module(given), tuple(given.shape), "a tensor")
    return changed.transpose(1, 2, 0)


def _image(value: Any, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(_uint8(value, shape, "an image"))


def _uint8(value: Any, shape: tuple[int, ...], what: str) -> npt.NDArray[np.uint8]:
    image = value.numpy() if isinstance(value, torch.Tensor) else value
    if not isinstance(image, np.ndarray) or image.shape != shape or image.dtype != np.uint8:
        found = f"{list(image.shape)} {image.dtype}" if isinstance(image, np.ndarray) else type(value).__name__
        raise TransformError(f"it must return {what} {list(shape)} uint8, as it was given one, not {found}")
    return image


def _name(transform: object) -> str:
    transform = transform.transform if isinstance(transform, Seeded) else transform
    named = transform if hasattr(transform, "__qualname__") else type(transform)
    return "None" if transform is None else f"{named.__module__}.{named.__qualname__}"
