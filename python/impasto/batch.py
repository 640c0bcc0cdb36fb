"""What a loader yields, and what names it."""

from __future__ import annotations

import copy
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from dataclasses import FrozenInstanceError, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from impasto.checks import is_count, require
from impasto.errors import BatchError
from impasto.plan import Plan

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class BatchId:
    """When a batch comes: what is drawn for it is keyed by this, not by how often somebody called.

    Attributes:
        epoch: The epoch whose random streams the batch is drawn from.
        step: The batch's number in its epoch, counted over all ranks.
        number: The batch's number in the run, where each epoch counts as many as its samples fill, whatever the number
            of ranks; the step where none is given.
    """

    epoch: int = 0
    step: int = 0
    number: int = -1

    def __post_init__(self) -> None:
        # As Python's own numbers, so that equal ids are equal keys of random streams.
        for name in ("epoch", "step"):
            value = getattr(self, name)
            require(is_count(value) and 0 <= value < 2**63, f"{name}={value!r} must be a whole number in 0..2**63-1")
            object.__setattr__(self, name, int(value))
        require(is_count(self.number), f"number={self.number!r} must be a whole number")
        object.__setattr__(self, "number", self.step if self.number < 0 else int(self.number))


class WholeBatch(NamedTuple):
    """The batch of all ranks together, of which one has some rows.

    Attributes:
        samples: The samples of all its rows, in order.
        rows: The rows that are this rank's.
        id: Its epoch, its step and its number, counted over such batches.
    """

    samples: list[int]
    rows: list[int]
    id: BatchId


class BatchKey(list[int]):
    """The samples of one batch, in order, and when it comes.

    A list, so that anything that takes a batch sampler's lists (DataLoader, Lightning, Accelerate) takes it too.

    Attributes:
        id: The epoch, the step and the number of the batch.
        whole: The batch of all ranks, where pairs are drawn over that (``mix_over="global"``), or None.
        shape: Which of the recipe's shapes its images have (`ImageRecipe`), or None for the size of all.
    """

    def __init__(
        self,
        samples: Iterable[int] = (),
        *,
        id: BatchId = BatchId(),
        whole: WholeBatch | None = None,
        shape: int | None = None,
    ) -> None:
        super().__init__(samples)
        require(isinstance(id, BatchId), f"id={id!r} must be a BatchId")
        require(
            whole is None or [whole.samples[row] for row in whole.rows] == self,
            "a batch's samples are those of its rows of the whole batch",
        )
        self.id = id
        self.whole = whole
        self.shape = shape

    def __repr__(self) -> str:
        return f"BatchKey({len(self)} samples, epoch={self.id.epoch}, step={self.id.step})"


@dataclass(frozen=True)
class Replaced:
    """A broken sample and what stands in its place.

    Attributes:
        row: The row of the batch.
        key: The broken sample's key.
        path: Where it lies.
        error: The name of the exception.
        reason: What is wrong with it.
        substitute: The key of the sample that took its place.
    """

    row: int
    key: str | None
    path: str | None
    error: str
    reason: str
    substitute: str


_Named = TypeVar("_Named", bound=Mapping[str, Any])
_Triple = tuple[float, float, float]

#: Names that mappings give to images, beside those of views.
IMAGES = ("images", "image", "pixel_values", "image_aug")

#: What may be a tensor of its own, in the order of the mapping: Accelerate takes the batch's size from the first.
_FED = ("images", "input_ids", "attention_mask", "labels", "lost", "samples", "caption_rows")
#: The tensors of the views after the first: ``images_1``, ``images_2``.
_VIEW = "images_"
#: What goes along with them, and which of it every batch has been given.
_ALONG = ("captions", "keys", "plan", "id", "replaced", "truncated", "fields", "mean_stds")
_NEEDED = ("images", "keys", "plan", "id", "samples")
_LOST = (
    "other code put this batch together from rows of several, or cut it, which leaves its tensors and no {name}; read "
    "it before, or have each process load its own batches (Accelerate: dispatch_batches=False)"
)


class _Name(str):
    """A tensor's name, which brings along what of the batch is no tensor.

    Frameworks rebuild mappings as ``type(batch)({name: f(tensor)})``, and Accelerate's and Lightning's functions take
    no values but tensors, or no frozen dataclasses: names are all that comes through every one of them.
    """

    along: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, along: Mapping[str, Any]) -> _Name:
        """A name with what it brings along."""
        made = cls(name)
        made.along = along
        return made


class SampleKeys(list[str]):
    """The keys of a batch's samples; called, the names of its tensors, as a mapping's ``keys()`` gives them.

    Frameworks rebuild lists as ``type(keys)(items)``: such keys are those of no batch, and have no names.
    """

    def __init__(self, keys: Iterable[str] = (), named: Mapping[str, Any] | None = None) -> None:
        super().__init__(keys)
        self._named = named

    def __call__(self) -> KeysView[str]:
        """The names of the batch's tensors.

        Raises:
            BatchError: If the keys have left their batch.
        """
        if self._named is None:
            raise BatchError("these keys are a list that other code put together, of no batch; ask batch.keys()")
        return self._named.keys()

    def __reduce__(self) -> tuple[type[list[str]], tuple[list[str]]]:
        return list, (list(self),)


class _NoKeys:
    """In the place of `SampleKeys`, where they are lost."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named

    def __call__(self) -> KeysView[str]:
        return self._named.keys()

    def _refuse(self, *_: object) -> Any:
        raise BatchError(_LOST.format(name="keys"))

    __len__ = __iter__ = __getitem__ = _refuse


class Batch(Mapping[str, "torch.Tensor"]):
    """B samples, ready for a model.

    A batch is also a mapping: its tensors by name, those of ``fields`` too. What rebuilds mappings (Hugging Face's
    Trainer, Accelerate, Lightning, torch) gives back a batch with all its parts. ``len(batch)`` is the number of its
    samples.

    Args:
        named: The tensors by name, as another batch had them; they bring along its parts that are no tensors.
        parts: The attributes, by name.

    Attributes:
        images: [B, 3, H, W] (or [B, H, W, 3]) in the recipe's dtype; of the first view, where there are several. In the
            mapping the others are ``images_1``, ``images_2`` and so on.
        input_ids: [B, L] int64, or None without a tokenizer.
        attention_mask: [B, L] int64, 1 at tokens and 0 at padding, or None without a tokenizer.
        captions: B strings after mixing, or None without a text recipe; with ``captions="all"`` all C of the samples.
        labels: [B] int64, or None when the source has none; a mixed row keeps its own. Where the loader's ``labels``
            names a fact, float32 [B] where one is no whole number, bool of truth values, float32 [B, K] of lists, or B
            strings.
        keys: B keys of the samples, in order; called, ``batch.keys()``, the names of the mapping.
        plan: What was drawn.
        lost: [B] int32: tokens of each caption that did not fit, or None without a tokenizer.
        id: When the batch comes: epoch, step and number.
        samples: [B] int64: the samples' numbers in the data set, after replacement.
        caption_rows: [C] int64: the row that each caption belongs to, with ``captions="all"``; else None, and ids,
            masks and ``lost`` have B rows instead of C.
        replaced: The broken samples, under ``on_error="replace"``.
        truncated: Keys of the samples whose JPEGs end early and are partly gray, under ``truncated="keep"``.
        mean_stds: For each view the RGB means and standard deviations that its values in [0, 1] were normalised with,
            or None where they were not; None alone where it isn't known.
        fields: What the loader's ``fields`` name of the samples' facts: tensors [B] of numbers (int64, or float32
            where one of the batch is no whole number) and of truth values (bool), else lists of B.

    Raises:
        BatchError: Where a part is asked for that code between has lost: rows of several batches have no one plan.
    """

    images: torch.Tensor
    input_ids: torch.Tensor | None
    attention_mask: torch.Tensor | None
    captions: list[str] | None
    labels: torch.Tensor | list[str] | None
    keys: SampleKeys
    plan: Plan
    lost: torch.Tensor | None
    id: BatchId
    samples: torch.Tensor
    caption_rows: torch.Tensor | None
    replaced: tuple[Replaced, ...]
    truncated: tuple[str, ...]
    mean_stds: tuple[tuple[_Triple, _Triple] | None, ...] | None
    fields: Mapping[str, torch.Tensor | list[Any]]

    _named: dict[str, Any]

    def __init__(self, named: Mapping[str, Any] | None = None, /, **parts: Any) -> None:
        if named is None:
            others = parts.pop("other_views", ())
            if wrong := {*_NEEDED} - parts.keys() or parts.keys() - {*_FED, *_ALONG}:
                raise TypeError(f"a batch has the parts {_FED + _ALONG}; missing or unknown: {sorted(wrong)}")
            fields = dict(parts.get("fields", {}))
            named = {name: value for name in _FED if _is_fed(value := parts.get(name))}
            named |= zip(view_names(1 + len(others)), others, strict=True)
            named |= {name: value for name, value in fields.items() if _is_fed(value)}
            along = {name: value for name, value in parts.items() if name not in named}
            along["keys"] = list(parts["keys"])
            # Those that are tensors stand there by name, for the order.
            along["fields"] = {name: ... if name in named else value for name, value in fields.items()}
        else:
            along = next((dict(name.along) for name in named if isinstance(name, _Name)), {})
            if _rows(named) not in (None, len(along.get("keys", ()))):
                along = {}
            own = {name: value for name, value in named.items() if name not in _FED and not is_view(name)}
            fields = {name: own.get(name, value) for name, value in along.get("fields", {}).items()}
            fields = {name: value for name, value in fields.items() if value is not ...} | own
        marked: dict[str, Any] = {_Name.of(name, along): value for name, value in named.items()}
        known: dict[str, Any] = {"captions": None, "replaced": (), "truncated": (), "mean_stds": None} if along else {}
        known |= {**dict.fromkeys(_FED), **along, **{name: named[name] for name in _FED if name in named}}
        known["keys"] = SampleKeys(along["keys"], marked) if along else _NoKeys(marked)
        vars(self).update(known, fields=fields, _named=marked)

    @property
    def views(self) -> tuple[torch.Tensor, ...]:
        """The images of all views of the samples, in the recipe's order; the first are ``images``."""
        return tuple(view for name, view in self._named.items() if name == "images" or is_view(name))

    if not TYPE_CHECKING:  # to which it would say that a batch has any attribute

        def __getattr__(self, name: str) -> Any:
            if name in _ALONG:
                raise BatchError(_LOST.format(name=name))
            raise AttributeError(f"a batch has no {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"a batch stays what it is; batch.changed({name}=...) is another one")

    def __getitem__(self, name: str) -> torch.Tensor:
        try:
            tensor: torch.Tensor = self._named[name]
        except KeyError:
            hint = f"; it is no tensor, see batch.{name}" if name in _ALONG else f", only {list(self._named)}"
            raise KeyError(f"the batch's mapping has no {name!r}{hint}") from None
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    # Mapping's own views would ask for the number of tensors by len().
    def items(self) -> ItemsView[str, torch.Tensor]:
        """The tensors with their names."""
        return self._named.items()

    def values(self) -> ValuesView[torch.Tensor]:
        """The tensors."""
        return self._named.values()

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __len__(self) -> int:
        rows = _rows(self._named)
        return len(self.keys) if rows is None else rows

    def __reduce__(self) -> tuple[type[Batch], tuple[dict[str, Any]]]:
        return Batch, (self._named,)

    def changed(self, **parts: Any) -> Batch:
        """Another batch, with some parts changed.

        Args:
            parts: Attributes and their new values.

        Raises:
            BatchError: If code between has lost what was drawn for the batch.
            RecipeError: If images are of another number of rows than the batch has samples.
        """
        _ = self.plan
        for name in filter(lambda name: name == "images" or is_view(name), parts):
            rows, samples = _rows({"images": parts[name]}), len(self.keys)
            require(rows in (None, samples), f"{name} have {rows} rows, and the batch has {samples} samples")
        known = {name: value for name, value in vars(self).items() if name in {*_FED, *_ALONG}}
        known["other_views"] = [parts.pop(name, view) for name, view in self._named.items() if is_view(name)]
        return Batch(**known | parts)

    def pin_memory(self, device: torch.device | str | None = None) -> Batch:
        """Copies the tensors to page-locked memory, as a DataLoader with ``pin_memory=True`` asks."""
        del device
        return Batch({name: tensor.pin_memory() for name, tensor in self._named.items()})

    def to(
        self,
        device: torch.device | str | int | torch.dtype | None = None,
        dtype: torch.dtype | None = None,
        *,
        non_blocking: bool = False,
    ) -> Batch:
        """Moves the tensors to a device, the images to a dtype.

        Args:
            device: Where to; None stays. A dtype in its place is taken for ``dtype``, as `torch.Tensor.to` does.
            dtype: Floating point, of the images where they are floating point (uint8 stays what it is); ids, masks and
                labels keep theirs.
            non_blocking: As in `torch.Tensor.to`.

        Raises:
            RecipeError: If the dtype is not floating point.
        """
        import torch

        if isinstance(device, torch.dtype):
            device, dtype = None, device
        require(dtype is None or dtype.is_floating_point, f"a batch has floating-point images or uint8, no {dtype}")
        moved = {name: tensor.to(device, non_blocking=non_blocking) for name, tensor in self._named.items()}
        for name, tensor in moved.items():
            if tensor.is_floating_point() and (name == "images" or is_view(name)):
                moved[name] = tensor.to(dtype)
        return Batch(moved)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}={list(tensor.shape)}" for name, tensor in self._named.items())
        if "plan" not in vars(self):
            return f"Batch({shapes}, put together by other code)"
        counts = f"mixed={int(self.plan.mixed.sum())}, replaced={len(self.replaced)}"
        return f"Batch(epoch={self.id.epoch}, step={self.id.step}, {shapes}, {counts})"


def view_names(views: int) -> tuple[str, ...]:
    """The names in a batch's mapping of its views after the first."""
    return tuple(f"{_VIEW}{number}" for number in range(1, views))


def is_view(name: str) -> bool:
    """Whether a name in a batch's mapping is that of a view after the first."""
    return name.startswith(_VIEW) and name.removeprefix(_VIEW).isdecimal()


def mapping_like(batch: _Named, items: Mapping[str, Any]) -> _Named:
    """A new mapping of a batch's kind, with these items beside, or in the place of, its own."""
    if isinstance(batch, MutableMapping):
        made = copy.copy(batch)  # a subclass may have more than its items
        made.update(items)
        return made
    return type(batch)({**batch, **items})  # type: ignore[call-arg]  # what frameworks ask of a mapping


def _is_fed(value: Any) -> bool:
    return value is not None and not isinstance(value, list)


def _rows(named: Mapping[str, Any]) -> int | None:
    """Rows of a batch's images; None where something without a shape stands in their place."""
    shape = getattr(named.get("images"), "shape", None)
    return None if shape is None else int(shape[0])
