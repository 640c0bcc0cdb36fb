"""Batches on a device before the training step asks for them."""

from __future__ import annotations

import inspect
import os
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypedDict, TypeVar, Unpack, overload

import torch

from impasto.batch import Batch, view_names
from impasto.checks import at_least, require
from impasto.errors import CheckpointError, RecipeError
from impasto.loading.batches import NoStop
from impasto.loading.forms import Form, Former, Named, Placed
from impasto.loading.iteration import Iteration
from impasto.loading.running.ahead import ahead_on
from impasto.loading.running.lanes import lane_to
from impasto.loading.running.parents import require_own
from impasto.recipe import ImageRecipe, Recipe

Given = TypeVar("Given")
Formed = TypeVar("Formed")

_LAST = "where that is the loader's form=, give it to prefetch(form=) instead"
_FORMED = "transform= takes id=, which batches in a form don't have; give the loader's form= to prefetch(form=) instead"

#: What frameworks read of a loader: its own are those of what is prefetched.
_COUNTS = ("batch_size", "drop_last", "num_batches", "num_samples")
#: What a loader is taken apart by, to be put together otherwise.
_PARTS = ("sampler", "batch_sampler", "collate_fn")
_NO_PARTS = (
    "a prefetched loader has no {name}: what is made of its parts (Accelerate's skip_first_batches, Trainer's way to "
    "resume) would leave out what is done on the device; load its state instead (load_state_dict, and for Trainer "
    "ignore_data_skip=True), or hand on the loader itself"
)

#: What is done to a batch on the device; one that takes ``id`` gets the batch's own.
Transform = Callable[..., Any]


class PrefetchOptions(TypedDict, total=False):
    """Options of `prefetch`, which documents them."""

    depth: int
    dtype: torch.dtype | None
    transform: Transform | None


@overload
def prefetch(
    loader: Iterable[Given],
    device: torch.device | str | int,
    *,
    form: None = None,
    **options: Unpack[PrefetchOptions],
) -> Prefetched[Given]: ...
@overload
def prefetch(
    loader: Iterable[Batch],
    device: torch.device | str | int,
    *,
    form: Named | Mapping[str, str],
    **options: Unpack[PrefetchOptions],
) -> Prefetched[dict[str, Any]]: ...
@overload
def prefetch(
    loader: Iterable[Batch], device: torch.device | str | int, *, form: Placed, **options: Unpack[PrefetchOptions]
) -> Prefetched[tuple[Any, ...]]: ...
@overload
def prefetch(
    loader: Iterable[Batch],
    device: torch.device | str | int,
    *,
    form: Callable[[Batch], Formed],
    **options: Unpack[PrefetchOptions],
) -> Prefetched[Formed]: ...
def prefetch(
    loader: Iterable[Any],
    device: torch.device | str | int,
    *,
    depth: int = 2,
    dtype: torch.dtype | None = None,
    transform: Transform | None = None,
    form: Form = None,
) -> Prefetched[Any]:
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
        transform: Called with each batch on the device, without gradients, in the order of the batches and before
            uint8 is normalised (`BatchMixGen` mixes it as the loader would, bit for bit); what it returns is given.
            One with an argument ``id`` (a `BatchMixGen`) gets ``batch.id``, by which it draws. It must not be
            trained by who takes the batches.
        form: What is given in the end, as in `impasto.Loader`; for a loader that gives `Batch`es.

    Returns:
        The batches, epoch by epoch, with the loader's length, ``set_epoch`` and states.

    Raises:
        RecipeError: If a value makes no sense, or torch sees no such device.
    """
    return Prefetched(loader, device, depth=depth, dtype=dtype, transform=transform, form=form)


class Prefetched(Generic[Given]):
    """What `prefetch` returns: a loader whose batches are on a device.

    A batch is to be used on the stream that is current where it is taken. States count the batches that were given, not
    those that are ahead.

    Attributes:
        loader: Where batches come from.
    """

    def __init__(
        self,
        loader: Iterable[Any],
        device: torch.device | str | int,
        *,
        depth: int,
        dtype: torch.dtype | None,
        transform: Transform | None,
        form: Form,
    ) -> None:
        at_least(1, depth=depth)
        floating = isinstance(dtype, torch.dtype) and dtype.is_floating_point
        require(dtype is None or floating, f"dtype={dtype!r} must be floating point, such as torch.bfloat16, or None")
        require(transform is None or callable(transform), f"transform={transform!r} can't be called with a batch")
        self.loader = loader
        self._lane, self._device = lane_to(device), torch.device(device)
        self._depth, self._dtype, self._transform = depth, dtype, transform
        self._given_formed = getattr(getattr(self.dataset, "former", None), "form", None) is not None
        self._keyed = transform is not None and _takes_id(transform)
        self._form = (
            None if form is None else Former(form, _recipe_of(self.dataset), getattr(self.dataset, "fields", ()))
        )
        self._latest: _Progress | None = None

    def __repr__(self) -> str:
        return f"Prefetched({self.loader!r}, {self._device}, depth={self._depth})"

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.loader)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Given]:
        """The loader's next epoch, or what is left of one in which a loaded state stood."""
        return _Iteration(self._taken(), self._copied, self._follow)

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
        if self._latest is not None and self._latest.ended:
            self._latest = None

    def state_dict(self) -> dict[str, Any]:
        """Which batch comes next: after the last one that the latest iteration gave, or the next epoch's first.

        Raises:
            CheckpointError: If the loader has no states.
        """
        stateful, standing = self._stateful(), None if self._latest is None else self._latest.standing
        if standing is not None and standing.state is not None and standing.left != 0:
            return standing.state
        state: dict[str, Any] = stateful.state_dict()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Makes the next ``iter()`` go on after the batch at which the state was saved.

        Raises:
            CheckpointError: If the loader has no states, or this one doesn't fit.
        """
        self._stateful().load_state_dict(state)
        self._latest = None

    # Said to frameworks, not to type checkers: with it they know no type of what is iterated.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in _COUNTS:
                return getattr(self.loader, name)
            if name in _PARTS:
                raise AttributeError(_NO_PARTS.format(name=name), name=name, obj=self)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def _stateful(self) -> Any:
        if hasattr(self.loader, "state_dict"):
            return self.loader
        kind = type(self.loader).__name__
        raise CheckpointError(f"a {kind} has no states; use an impasto.Loader, or torchdata's StatefulDataLoader")

    def _follow(self, progress: _Progress) -> None:
        """Takes an iteration for the latest, once its first batch is asked for."""
        self._latest = progress

    def _copied(self, batches: Iterator[Any]) -> Generator[Any, None, None]:
        return ahead_on(self._lane, batches, self._depth, self._finish)

    def _taken(self) -> Generator[_Taken, None, None]:
        """Each batch with where the loader stands after it: by the time it is given, the loader is further on."""
        batches = iter(self.loader)
        # An iterator's own state is not moved by another one, or by set_epoch.
        telling: Any = batches if hasattr(batches, "state_dict") else self.loader
        tells = hasattr(self.loader, "state_dict")

        def standing() -> _Standing:
            left = len(batches) if isinstance(batches, Iteration) else None
            return _Standing(telling.state_dict() if tells else None, left)

        yield _Taken(None, standing())
        for batch in batches:
            yield _Taken(batch, standing())

    def _finish(self, taken: _Taken) -> _Taken:
        batch: Any = taken.batch
        id = getattr(batch, "id", None)
        require(id is not None or not self._keyed or not self._given_formed, _FORMED)
        if self._transform is not None:
            with NoStop("transform="):
                batch = self._transform(batch, id=id) if self._keyed and id is not None else self._transform(batch)
        if self._dtype is not None:
            batch = _as_float(_batch("dtype", batch), self._dtype, self.dataset)
        return taken._replace(batch=batch if self._form is None else self._form(_batch("form", batch)))


class _Standing:
    """Where a loader's iteration stands.

    It is no dataclass or tuple: what is in it goes to no device.

    Args:
        state: What a state says, where the loader has any.
        left: Batches that are left, where the iterator says how many.
    """

    def __init__(self, state: dict[str, Any] | None, left: int | None) -> None:
        self.state, self.left = state, left


class _Taken(NamedTuple):
    """A batch, and where its iteration stands after it; None is before the first."""

    batch: Any
    standing: _Standing


class _Progress:
    """How far an iteration has come, kept apart from it: who keeps the iteration keeps its workers.

    Attributes:
        standing: After the last batch that was given.
        ended: Whether it was asked for more.
    """

    standing: _Standing | None = None
    ended = False


class _Iteration(Iterator[Given]):
    """Left anywhere, it ends what works for it."""

    def __init__(
        self,
        taken: Generator[_Taken, None, None],
        copied: Callable[[Iterator[_Taken]], Generator[_Taken, None, None]],
        follow: Callable[[_Progress], None],
    ) -> None:
        self._taken, self._items, self._follow = taken, copied(taken), follow
        self._process = os.getpid()
        self._progress = _Progress()
        # At the end of the process too, before the modules that it needs are taken apart.
        weakref.finalize(self, self._items.close)

    def __next__(self) -> Given:
        require_own(self._process)
        progress = self._progress
        if progress.standing is None:
            progress.standing = next(self._taken).standing
            self._follow(progress)
        try:
            batch, progress.standing = next(self._items)
        except StopIteration:
            progress.ended = True
            raise
        return batch  # type: ignore[no-any-return]


def _takes_id(transform: Transform) -> bool:
    try:
        return "id" in inspect.signature(getattr(transform, "forward", transform)).parameters
    except ValueError:  # a function of a compiled module may not say what it takes
        return False


def _batch(option: str, batch: Any) -> Batch:
    if not isinstance(batch, Batch):
        raise RecipeError(f"{option}= is of an impasto.Batch, not of a {type(batch).__name__}; {_LAST}")
    return batch


def _recipe_of(dataset: Any) -> Recipe | None:
    """What a data set makes batches by, where it is one of impasto's."""
    recipe = getattr(dataset, "recipe", None)
    return recipe if isinstance(recipe, Recipe) else None


def _as_float(batch: Batch, dtype: torch.dtype, dataset: Any) -> Batch:
    """The batch with all its views in a floating-point type; those in uint8 are normalised."""
    names = ("images", *view_names(len(batch.views)))
    recipe = _recipe_of(dataset)
    recipes: tuple[Any, ...] = (None,) * len(names) if recipe is None else recipe.views
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
