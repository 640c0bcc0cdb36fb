"""One row of a source, to be looked at."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from impasto._core import Index


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """A row of a source: ``data[3]``.

    Attributes:
        row: Its number in the source.
        key: What the format calls it.
        path: Where its image lies: a file, ``shard.tar:key``, or ``memory``.
        captions: Its captions that are text.
        label: Its class; None if it has none.
        facts: What the format knows besides.
        fault: What is known to be wrong with it before its image is read, or None.
    """

    row: int
    key: str
    path: str
    captions: tuple[str, ...]
    label: int | None
    facts: Mapping[str, Any]
    fault: ImpastoError | None
    _index: "Index" = field(repr=False)
    _at: int = field(repr=False)
    _held: Callable[[], AbstractContextManager[object]] = field(repr=False)

    @classmethod
    def of(
        cls,
        index: "Index",
        at: int,
        row: int,
        facts: Mapping[str, Any],
        held: Callable[[], AbstractContextManager[object]],
    ) -> "Sample":
        """The sample in row ``at`` of an index, which the source calls ``row`` and ``held`` keeps where it is."""
        fault = index.fault(at)
        captions = tuple(facts.get("captions", ()))
        rest = {name: fact for name, fact in facts.items() if name != "captions"}
        return cls(
            row=row,
            key=index.key(at),
            path=index.path(at),
            captions=captions,
            label=None if fault else index.label(at),
            facts=rest,
            fault=fault,
            _index=index,
            _at=at,
            _held=held,
        )

    @property
    def image(self) -> bytes:
        """The encoded image, read when asked for; ``impasto.ops.decode(sample.image)`` are its pixels.

        Raises:
            ImpastoError: Of the kind that fits, if it can't be read.
        """
        with self._held():
            return self._index.image(self._at)
