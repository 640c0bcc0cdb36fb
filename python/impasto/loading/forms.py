"""The form in which batches are handed on: what the trainer that takes them expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import torch
from torch.utils.data._utils.collate import default_collate_fn_map

from impasto.batch import Batch, is_view, view_names
from impasto.checks import require
from impasto.errors import RecipeError
from impasto.loading.batches import NoStop
from impasto.recipe import Recipe

#: Forms that have a name and give a dictionary, and those that give a tuple.
Named = Literal["dict", "huggingface"]
Placed = Literal["tuple", "open_clip", "albef"]
#: What ``form=`` takes: a name, new names of a batch's parts, a function of the batch; None is the `Batch` itself.
Form = Named | Placed | Mapping[str, str] | Callable[[Batch], Any] | None

#: Parts by the names that Hugging Face's models and open_clip's and ALBEF's loops have for them; a part that a data
#: set doesn't have is left out of a dictionary, and is an error in a tuple.
PRESETS: dict[str, dict[str, str] | tuple[str, ...]] = {
    "huggingface": {
        "pixel_values": "images",
        "input_ids": "input_ids",
        "attention_mask": "attention_mask",
        "labels": "labels",
    },
    "open_clip": ("images", "input_ids"),
    "albef": ("images", "captions"),
}
#: What ``"dict"`` has, where it is there.
_ALL = ("images", "input_ids", "attention_mask", "captions", "labels", "lost", "samples", "caption_rows", "keys")
_OTHER_FORMS = "use 'dict', new names such as {'first': 'images', 'second': 'images_1'}, or a function"
#: Parts of which there are C instead of B with ``captions="all"``, and what is to be done where a form loses whose.
_TEXTS = ("input_ids", "attention_mask", "captions", "lost")
_WHOSE = (
    "with captions='all' there are more texts than images, and this form has no place for caption_rows, which say "
    "whose each is; use 'dict', new names with one for 'caption_rows', or captions='first' or 'draw'"
)
#: Names that every batch has for itself.
PARTS = (*_ALL, "plan", "id", "replaced", "truncated")


class Former:
    """Gives batches a form.

    Args:
        form: Which; see `impasto.Loader`.
        recipe: What batches are made by, where it is known.
        fields: Names of the pass-through columns, which are parts too.

    Attributes:
        form: Which.

    Raises:
        RecipeError: If there is no such form, no such part, or no place in it for further views, or for whose each of
            all captions is.
    """

    def __init__(self, form: Form, recipe: Recipe | None, fields: Iterable[str] = ()) -> None:
        self.form = form
        views = view_names(1 if recipe is None else len(recipe.views))
        every = recipe is not None and recipe.text is not None and recipe.text.captions == "all"
        if isinstance(form, str):
            known = ("dict", "tuple", *PRESETS)
            require(form in known, f"form={form!r} is not known; use one of {known}, new names of parts, or a function")
            reason = f"form={form!r} has a place for one view, and the recipe has {1 + len(views)}; {_OTHER_FORMS}"
            require(not views or form == "dict", reason)
            require(not every or form == "dict", f"form={form!r}: {_WHOSE}")
        elif isinstance(form, Mapping):
            parts = (*PARTS, *fields, *views)
            wrong = [part for part in form.values() if part not in parts]
            require(bool(form), f"form={{}} names nothing to be yielded; the parts of a batch are {parts}")
            require(not wrong, f"form={dict(form)!r} names {wrong}; the parts of a batch are {parts}")
            unsaid = every and {*form.values()} & {*_TEXTS} and "caption_rows" not in form.values()
            require(not unsaid, f"form={dict(form)!r}: {_WHOSE}")
        else:
            known_kind = form is None or callable(form)
            require(known_kind, f"form={form!r} must be a name, a mapping of new names to parts, or a function")

    def __call__(self, batch: Batch) -> Any:
        """The batch in the form.

        Raises:
            RecipeError: If it lacks a part that the form has a place for.
            TransformError: If a function raised StopIteration.
        """
        form = self.form
        if form is None:
            return batch
        if callable(form):
            with NoStop("form="):
                return form(batch)
        if isinstance(form, Mapping):
            return {name: _needed(batch, part) for name, part in form.items()}
        if form == "dict":
            parts = {name: part for name in _ALL if (part := _part(batch, name)) is not None} | dict(batch.fields)
            return parts | {name: view for name, view in batch.items() if is_view(name)}
        if form == "tuple":
            texts = batch.captions if batch.input_ids is None else batch.input_ids
            return tuple(part for part in (batch.images, texts, batch.labels) if part is not None)
        preset = PRESETS[form]
        if isinstance(preset, tuple):
            return tuple(_needed(batch, part) for part in preset)
        parts = {name: getattr(batch, part) for name, part in preset.items()}
        return {name: part for name, part in parts.items() if part is not None}


def _part(batch: Batch, name: str) -> Any:
    # A list like any other: what a mapping's keys() is asked for is asked of the form.
    return list(batch.keys) if name == "keys" else getattr(batch, name)


def _needed(batch: Batch, name: str) -> torch.Tensor | Any:
    part = batch.fields[name] if name in batch.fields else batch[name] if is_view(name) else _part(batch, name)
    if part is None:
        raise RecipeError(f"the batch has no {name}, which the form asks for; {_REMEDIES.get(name, 'leave it out')}")
    return part


_REMEDIES = {
    "input_ids": "give the text recipe a tokenizer",
    "attention_mask": "give the text recipe a tokenizer",
    "captions": "give the recipe a TextRecipe",
    "labels": "the data set has none",
}


class Formed:
    """A batch in its form on its way out of a DataLoader's fetcher, whose collate would stack what it knows."""

    def __init__(self, form: Any) -> None:
        self.form = form


def _collate(batches: list[Batch | Formed], *, collate_fn_map: Any = None) -> Any:
    """A fetched batch is a batch already."""
    del collate_fn_map
    (batch,) = batches
    return batch.form if isinstance(batch, Formed) else batch


default_collate_fn_map[Batch] = default_collate_fn_map[Formed] = _collate
