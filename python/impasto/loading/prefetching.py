"""Batches on a device before the training step asks for them."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

import torch

from impasto.batch import Batch, view_names
from impasto.checks import at_least, require
from impasto.errors import CheckpointError, RecipeError
from impasto.loading.running.ahead import ahead_on
from impasto.loading.running.lanes import lane_to
from impasto.recipe import ImageRecipe

Given = TypeVar("Given")

#: What is done to a batch on the device; one that takes ``id`` gets the batch's own.
Transform = Callable[..., Any]


def prefetch(
    loader: Iterable[Given],
    device: torch.device | str | int,
    *,
    depth: int = 2,
    dtype: torch.dtype | None = None,
    transform: Transform | None = None,
) -> Prefetched[Given]:
    """Copies a loader's batches to a device while the step before is computed there.

    A thread takes the batches, puts them into page-locked memory that is used again, and copies them on a stream of its
    own, on which ``transform`` runs too; a batch that is given waits on the device, not on the host, for its copy. It
    works with any accelerator that torch has; a device without streams (the CPU) gets the same batches without them.

    Args:
        loader: An `impasto.Loader`, a DataLoader, or anything that gives tensors in dataclasses, mappings, lists or
            tuples.
        device: Where to.
        depth: Batches asked for ahead; the device holds one more than these, and those that are kept.
        dtype: Floating point, of the images on the device; None leaves them. uint8 images
            (``ImageRecipe(dtype="uint8")``: a quarter of float32's bytes on the way) are normalised there as the recipe
            says, after ``transform``. Float32 is then that of the CPU within 1e-6 of the largest value, and in mixed
            rows within half a level (1/510, over the standard deviation) more, as uint8 is rounded.
        transform: Called with each batch on the device, without gradients, in the order of the batches; what it returns
            is given. One with an argument ``id`` (a `BatchMixGen`) gets ``batch.id``, by which it draws. It must not be
            trained by who takes the batches.

    Returns:
        The batches, epoch by epoch, with the loader's length, ``set_epoch`` and states.

    Raises:
        RecipeError: If a value makes no sense, or torch sees no such device.
    """
    return Prefetched(loader, device, depth=depth, dtype=dtype, transform=transform)


class Prefetched(Generic[Given]):
    """What `prefetch` returns: a loader whose batches are on a device.

    A batch is to be used on the stream that is current where it is taken. States count the batches that were given, not
    those that are ahead.

    Attributes:
        loader: Where batches come from.
    """

    def __init__(
        self,
        loader: Iterable[Given],
        device: torch.device | str | int,
        *,
        depth: int,
        dtype: torch.dtype | None,
        transform: Transform | None,
    ) -> None:
        at_least(1, depth=depth)
        require(dtype is None or dtype.is_floating_point, f"dtype={dtype} is not floating point; leave it out")
        require(transform is None or callable(transform), f"transform={transform!r} can't be called with a batch")
        self.loader = loader
        self._lane = lane_to(device)
        self._depth, self._dtype, self._transform = depth, dtype, transform
        self._keyed = transform is not None and _takes_id(transform)
        #: The state after the last batch that was given, until somebody says otherwise.
        self._state: dict[str, Any] | None = None

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.loader)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Given]:
        """The loader's next epoch, or what is left of one in which a loaded state stood."""
        return _Iteration(ahead_on(self._lane, self._taken(), self._depth, self._finish), self._given)

    @property
    def dataset(self) -> Any:
        """The loader's data set."""
        return getattr(self.loader, "dataset", None)

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch of the next ``iter()``, as the loader or its batch sampler does.

        Raises:
            RecipeError: If neither can.
        """
        loader: Any = self.loader
        counting: Any = loader if hasattr(loader, "set_epoch") else getattr(loader, "batch_sampler", None)
        require(
            hasattr(counting, "set_epoch"), f"a {type(loader).__name__} has no epochs to choose; use a BatchSampler"
        )
        counting.set_epoch(epoch)
        self._state = None

    def state_dict(self) -> dict[str, Any]:
        """The loader's state after the last batch that was given.

        Raises:
            CheckpointError: If the loader has no states.
        """
        return self._state if self._state is not None else self._stateful().state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Makes the next ``iter()`` go on after the batch at which the state was saved.

        Raises:
            CheckpointError: If the loader has no states, or this one doesn't fit.
        """
        self._stateful().load_state_dict(state)
        self._state = None

    def _stateful(self) -> Any:
        if hasattr(self.loader, "state_dict"):
            return self.loader
        kind = type(self.loader).__name__
        raise CheckpointError(f"a {kind} has no states; use an impasto.Loader, or torchdata's StatefulDataLoader")

    def _taken(self) -> Generator[tuple[Given, Any], None, None]:
        """Each batch with the state after it: by the time it is given, the loader is further on."""
        stateful = hasattr(self.loader, "state_dict")
        for batch in self.loader:
            yield batch, self._stateful().state_dict() if stateful else None

    def _given(self, item: tuple[Given, Any]) -> Given:
        batch, self._state = item
        return batch

    def _finish(self, item: tuple[Given, Any]) -> tuple[Given, Any]:
        batch: Any = item[0]
        if self._transform is not None:
            id = getattr(batch, "id", None) if self._keyed else None
            batch = self._transform(batch) if id is None else self._transform(batch, id=id)
        if self._dtype is not None:
            require(isinstance(batch, Batch), f"dtype= is of an impasto.Batch, not of a {type(batch).__name__}")
            batch = _as_float(batch, self._dtype, self.dataset)
        return batch, item[1]


class _Iteration(Iterator[Given]):
    """Left anywhere, it ends what works for it."""

    def __init__(self, items: Generator[Any, None, None], given: Callable[[Any], Given]) -> None:
        self._items, self._given = items, given
        # At the end of the process too, before the modules that it needs are taken apart.
        weakref.finalize(self, items.close)

    def __next__(self) -> Given:
        return self._given(next(self._items))


def _takes_id(transform: Transform) -> bool:
    try:
        return "id" in inspect.signature(getattr(transform, "forward", transform)).parameters
    except ValueError:  # a function of a compiled module may not say what it takes
        return False


def _as_float(batch: Batch, dtype: torch.dtype, dataset: Any) -> Batch:
    """The batch with all its views in a floating-point type; those in uint8 are normalised."""
    names = ("images", *view_names(len(batch.views)))
    recipes: tuple[Any, ...] = getattr(getattr(dataset, "recipe", None), "views", None) or (None,) * len(names)
    known = batch.mean_stds or (None,) * len(names)
    parts: dict[str, Any] = {}
    mean_stds = []
    for name, images, recipe, before in zip(names, batch.views, recipes, known, strict=True):
        floating = images.is_floating_point()
        parts[name] = images.to(dtype) if floating else _normalized(images, recipe).to(dtype)
        mean_stds.append(before if floating else recipe.mean_std)
    return batch.changed(**parts, mean_stds=tuple(mean_stds))


def _normalized(images: torch.Tensor, recipe: object) -> torch.Tensor:
    if not isinstance(recipe, ImageRecipe):
        reason = "uint8 images are normalised as the loader's recipe says, and this one has none; leave dtype= out"
        raise RecipeError(reason)
    mean, std = recipe.mean_std or ((0.0,) * 3, (1.0,) * 3)
    shape = (3, 1, 1) if recipe.layout == "chw" else (3,)
    # Filled there: a copy from the host's memory would stop the host.
    scale = torch.stack([images.new_full((), 1 / (255 * s), dtype=torch.float32) for s in std])
    bias = torch.stack([images.new_full((), -m / s, dtype=torch.float32) for m, s in zip(mean, std, strict=True)])
    return torch.addcmul(bias.view(shape), images.float(), scale.view(shape))
