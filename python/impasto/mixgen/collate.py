"""MixGen as a collate function, for anybody's DataLoader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import default_collate, get_worker_info

from impasto.batch import BatchId
from impasto.checks import EPOCH_BITS, require, whole
from impasto.errors import ImpastoError, RecipeError
from impasto.mixgen.draw import plan_at
from impasto.mixgen.module import BatchMixGen
from impasto.recipe import Alternate, MixGen

#: Names that data sets give to what tells one sample from another.
KEYS = ("__key__", "key", "keys", "id", "index", "idx")

_NO_KEYS = (
    "a worker can't know which batch it makes, and the samples have no key of their own: give each one ({keys}), name "
    "it with key=, or mix in the training loop with BatchMixGen"
)


class MixGenCollate:
    """Collates samples and mixes them: ``DataLoader(dataset, collate_fn=MixGenCollate(MixGen()))``.

    Samples are mappings, or tuples that begin with an image and a caption (whatever follows is collated and passed
    through). The plan is drawn from the seed and the batch's ``id=``; without one from the seed, the epoch and the
    samples' own keys, so that it does not depend on which worker makes the batch. Samples without keys are mixed by the
    number of the call, in the training process alone.

    Args:
        mix: What is mixed and how.
        seed: Key of the plans.
        end: See `BatchMixGen`.
        key: The field of a sample that tells it from others: a name, or a place in a tuple; by default whichever of
            ``__key__``, ``key``, ``keys``, ``id``, ``index`` and ``idx`` the samples have.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> import torch
        >>> collate = MixGenCollate(MixGen(ratio=0.5))
        >>> images, captions = collate([(torch.rand(3, 4, 4), "a cat"), (torch.rand(3, 4, 4), "a dog")])
        >>> captions
        ['a cat a dog', 'a dog']
    """

    def __init__(
        self, mix: MixGen | Alternate | None = None, *, seed: int = 0, end: bool = True, key: str | int | None = None
    ) -> None:
        self.mixgen = BatchMixGen(mix, seed=seed, end=end)
        self.key = key
        # In shared memory: workers that outlive an epoch have copies of this object.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def __repr__(self) -> str:
        key = "" if self.key is None else f", key={self.key!r}"
        return f"MixGenCollate({self.mixgen.extra_repr()}{key})"

    @property
    def epoch(self) -> int:
        """The epoch that is drawn for, where no id says which."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Draws anew for an epoch, where no id says which; also in workers that are there already.

        Call it before the DataLoader's ``iter()``, which has its workers begin.

        Raises:
            RecipeError: If it is no whole number.
        """
        whole("epoch", epoch, bits=EPOCH_BITS)
        self._epoch.fill_(epoch)

    def __call__(self, samples: Sequence[Any], *, id: BatchId | None = None) -> Any:
        """Collates and mixes.

        Args:
            samples: Mappings, or tuples (image, caption, ...), all alike.
            id: When the batch comes.

        Raises:
            RecipeError: If samples are neither, differ in their fields, or can't be mixed; or if neither an id nor keys
                say what a worker draws.
        """
        try:
            return self._collate(samples, id)
        except ImpastoError as error:
            if get_worker_info() is not None:
                error.pack()
            raise

    def _collate(self, samples: Sequence[Any], id: BatchId | None) -> Any:
        require(isinstance(samples, Sequence), f"samples={samples!r} must be a sequence of samples")
        require(len(samples) > 0, "there are no samples to collate; leave empty batches out")
        _check(samples)
        first = samples[0]
        fields = list(first) if isinstance(first, Mapping) else range(len(first))
        columns: dict[Any, list[Any]] = {field: [sample[field] for sample in samples] for field in fields}
        if isinstance(first, Mapping):
            return self._mixed(
                {str(name): _collated(str(name), column) for name, column in columns.items()}, columns, id
            )
        batch = {"images": _collated("image", columns[0]), "captions": columns[1]}
        mixed = self._mixed(batch, columns, id)
        rest = [_collated(str(place), columns[place]) for place in fields[2:]]
        return (mixed["images"], mixed["captions"], *rest)

    def _mixed(self, batch: Mapping[str, Any], columns: Mapping[Any, list[Any]], id: BatchId | None) -> dict[str, Any]:
        keys = None if id is not None else self._keys(columns)
        mixed: dict[str, Any]
        if keys is None:
            require(id is not None or get_worker_info() is None, _NO_KEYS.format(keys=", ".join(KEYS)))
            mixed = self.mixgen(batch, id=id)
            return mixed
        images = next((batch[name] for name in self.mixgen.images if name in batch), None)
        if images is None:
            raise RecipeError(f"the samples have none of the images {self.mixgen.images}; name one of their fields so")
        digest = hashlib.blake2b(repr(keys).encode(), digest_size=7).digest()
        plan = plan_at(
            self.mixgen.mix,
            batch_size=len(images),
            seed=self.mixgen.seed,
            epoch=self.epoch,
            step=int.from_bytes(digest, "little"),
        )
        mixed = self.mixgen(batch, plan=plan)
        return mixed

    def _keys(self, columns: Mapping[Any, list[Any]]) -> list[str] | None:
        if self.key is not None:
            require(self.key in columns, f"key={self.key!r} is no field of the samples, which have {list(columns)}")
            return [_key(one) for one in columns[self.key]]
        named = next((name for name in KEYS if name in columns), None)
        return None if named is None else [_key(one) for one in columns[named]]


def _key(value: Any) -> str:
    """A key as text: 3, numpy's 3 and torch's are one."""
    return repr(value.item() if hasattr(value, "item") else value)


def _check(samples: Sequence[Any]) -> None:
    first = samples[0]
    if not isinstance(first, Mapping) and (not isinstance(first, tuple | list) or len(first) < 2):
        kind = type(first).__name__
        raise RecipeError(f"a sample is a {kind}; make it a mapping or a tuple (image, caption)")
    for row, sample in enumerate(samples):
        if isinstance(first, Mapping) and isinstance(sample, Mapping):
            missing = [name for name in {**first, **sample} if name not in first or name not in sample]
            require(
                not missing, f"samples 0 and {row} of the batch do not both have {missing}; give all the same fields"
            )
        else:
            alike = type(sample) is type(first) and len(sample) == len(first)
            require(alike, f"samples 0 and {row} of the batch are of different kinds or lengths; make all alike")


def _collated(name: str, column: list[Any]) -> Any:
    empty = [row for row, value in enumerate(column) if value is None]
    require(not empty, f"samples {empty} of the batch have no {name!r} (None); leave such samples out")
    try:
        return default_collate(column)
    except (TypeError, RuntimeError) as error:
        raise RecipeError(f"the samples' {name!r} can't be made one batch: {error}") from error
