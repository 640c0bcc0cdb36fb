"""Tokenizers of others, behind one face: a Hugging Face tokenizer, open_clip's, any function of a list of strings."""

from __future__ import annotations

import copy
import inspect
import os
import pickle
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from impasto.checks import require
from impasto.errors import RecipeError
from impasto.recipe.backends import IN_RUST, RustTokenizer, describe

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids: TypeAlias = npt.NDArray[np.int64]


class Encoded(NamedTuple):
    """What a tokenizer made of B captions.

    Attributes:
        input_ids: [B, L] int64.
        attention_mask: [B, L] int64, 1 at tokens and 0 at padding.
        lost: [B] int32: tokens that did not fit; None where the tokenizer doesn't tell.
    """

    input_ids: Ids
    attention_mask: Ids
    lost: npt.NDArray[np.int32] | None


class ForeignTokenizer:
    """Somebody else's tokenizer in a recipe, known by a name that stays the same from run to run.

    A Hugging Face tokenizer (fast or slow) pads, truncates and masks by its own rules, and lost tokens are counted;
    where its JSON is of a kind that impasto knows (see `TokenizerFile`), that runs in Rust, id for id, and the printed
    form says so. Any other callable is given a list of strings, and ``context_length`` where it takes that (open_clip's
    do); it returns ids, [B, L] or B lists. Where it gives no mask, padding is the run of its pad id at a row's end.

    Args:
        tokenizer: The callable.

    Raises:
        RecipeError: If it can't be called.
    """

    def __init__(self, tokenizer: Callable[..., Any]) -> None:
        require(
            callable(tokenizer) and not isinstance(tokenizer, type),
            f"tokenizer={tokenizer!r} is not known; use 'clip', a ClipTokenizer, a BertTokenizer, a Hugging Face "
            "tokenizer, a TokenizerFile or its path ('.../tokenizer.json'), a function from a list of strings to ids, "
            "or None",
        )
        self.tokenizer = tokenizer

    @property
    def counts(self) -> bool:
        """Whether it tells how many tokens are lost."""
        return "max_length" in self._takes and "truncation" in self._takes

    @property
    def in_rust(self) -> RustTokenizer | None:
        """What runs in its place, if anything does."""
        return self._described if isinstance(self._described, RustTokenizer) else None

    @cached_property
    def _described(self) -> RustTokenizer | str | None:
        return describe(self.tokenizer)

    @cached_property
    def _takes(self) -> tuple[str, ...]:
        try:
            return tuple(inspect.signature(self.tokenizer).parameters)
        except (TypeError, ValueError):  # written in C, without a signature
            return ()

    @cached_property
    def _own(self) -> Any:
        # Fast tokenizers keep padding and truncation as state, and fail where two threads use one.
        return copy.deepcopy(self.tokenizer) if self.counts else self.tokenizer

    @property
    def pad_id(self) -> int:
        """The id of its padding; 0 where it doesn't say."""
        for holder in (self.tokenizer, getattr(self.tokenizer, "tokenizer", None)):
            for name in ("pad_token_id", "pad_id"):
                value = getattr(holder, name, None)
                if isinstance(value, int):
                    return value
        return 0

    def encode(self, captions: list[str], length: int | None) -> Encoded:
        """Ids of captions.

        Args:
            captions: B strings.
            length: Ids in a row; None leaves it to the tokenizer.

        Raises:
            RecipeError: If it fails, or what it returns is no such ids; the message says what it is.
        """
        import numpy as np

        if not captions:
            empty = np.zeros((0, length or 0), np.int64)
            return Encoded(empty, empty.copy(), np.zeros(0, np.int32))
        given = self._call(captions, length)
        mask = given.get("attention_mask") if isinstance(given, Mapping) else None
        rows = given.get("input_ids") if isinstance(given, Mapping) else given
        ids, lost = self._as_ids(rows, len(captions), length)
        full = self._mask(rows, ids) if mask is None else self._as_ids(mask, len(captions), length)[0]
        require(full.shape == ids.shape, f"{self!r} gave ids of shape {ids.shape} with a mask of {full.shape}")
        if self.counts:
            lost = np.zeros(len(captions), np.int32)
            cut = [row for row in range(len(captions)) if full[row].all()]
            if cut:
                whole = self._own([captions[row] for row in cut], truncation=False, padding=False, verbose=False)
                lost[cut] = [max(len(one) - ids.shape[1], 0) for one in whole["input_ids"]]
        return Encoded(ids, full, lost)

    def _call(self, captions: list[str], length: int | None) -> Any:
        import torch

        if torch.utils.data.get_worker_info() is not None:
            # A forked worker has one core, and Hugging Face's threads don't outlive the fork, of which they warn.
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        options: dict[str, Any] = {}
        if self.counts:
            options = {"padding": "longest" if length is None else "max_length", "truncation": True}
            options |= {"max_length": length, "return_attention_mask": True}
        elif "context_length" in self._takes and length is not None:
            options = {"context_length": length}
        try:
            return self._own(captions, **options)
        except (TypeError, ValueError, RuntimeError, AssertionError, LookupError, AttributeError) as error:
            raise RecipeError(f"{self!r} failed at {len(captions)} captions: {error}") from error

    def _as_ids(self, rows: Any, count: int, length: int | None) -> tuple[Ids, npt.NDArray[np.int32] | None]:
        """Rows as int64 [B, L]; lists are cut and padded, and then it is known how much was lost."""
        import numpy as np

        if hasattr(rows, "detach"):
            rows = rows.detach().cpu().numpy()
        lost = None
        if isinstance(rows, list | tuple):
            rows = [np.asarray(row) for row in rows]
            require(all(row.ndim == 1 for row in rows), f"{self!r} must return [B, L] ids or B lists of them")
            sizes = [len(row) for row in rows]
            width = length or max(sizes, default=0)
            lost = np.asarray([max(size - width, 0) for size in sizes], np.int32)
            filled = np.full((len(rows), width), self.pad_id, np.int64)
            for place, row in enumerate(rows):
                self._require_whole(row)
                filled[place, : min(len(row), width)] = row[:width]
            rows = filled
        require(
            isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.shape[0] == count,
            f"{self!r} was given {count} captions and returned {_shape(rows)}; it must return ids of shape "
            f"[{count}, L], or {count} lists of them",
        )
        self._require_whole(rows)
        fits = length is None or rows.shape[1] == length
        require(fits, f"{self!r} returned rows of {rows.shape[1]} ids; use length={rows.shape[1]}, or None for its own")
        return rows.astype(np.int64), lost

    def _require_whole(self, row: Any) -> None:
        holds = row.size == 0 or row.dtype.kind in "iub"
        require(holds, f"{self!r} returned {row.dtype} where ids are whole numbers")

    def _mask(self, rows: Any, ids: Ids) -> Ids:
        import numpy as np

        if isinstance(rows, list | tuple):
            sizes = np.asarray([[len(row)] for row in rows])
            mask: Ids = (np.arange(ids.shape[1]) < sizes).astype(np.int64)
            return mask
        # Padding is the run at the end, not a pad id between words.
        after = np.cumsum((ids != self.pad_id)[:, ::-1], axis=1)[:, ::-1]
        return (after > 0).astype(np.int64)

    @property
    def fact(self) -> str:
        """What a run's state says of it: a name that stays the same from run to run."""
        return self._named()

    def __repr__(self) -> str:
        described = self._described
        how = IN_RUST if isinstance(described, RustTokenizer) else f"called: {described}"
        return self._named(*([] if described is None else [how]))

    def _named(self, *further: str) -> str:
        kind = type(self.tokenizer)
        if inspect.isroutine(self.tokenizer):
            # A method of a built-in type is of no module.
            return f"{getattr(self.tokenizer, '__module__', 'builtins')}.{self.tokenizer.__qualname__}"
        facts = [repr(name) for name in (getattr(self.tokenizer, "name_or_path", None),) if name]
        sizes = {name: getattr(self.tokenizer, name, None) for name in ("vocab_size", "context_length")}
        facts += [f"{name}={size}" for name, size in sizes.items() if isinstance(size, int)]
        return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}({', '.join([*facts, *further])})"

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, ForeignTokenizer)
        return same and (other.tokenizer is self.tokenizer or other.fact == self.fact)  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash(self.fact)

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            return _unpickled, (pickle.dumps(self.tokenizer),)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise RecipeError(
                f"the tokenizer {self!r} doesn't pickle, which processes that are not forked need: {error}; use a "
                "function at the top of a module, or threads (processes=False)"
            ) from error


def _unpickled(data: bytes) -> ForeignTokenizer:
    return ForeignTokenizer(pickle.loads(data))


def _shape(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ + ("" if shape is None else f" of shape {tuple(shape)}")
