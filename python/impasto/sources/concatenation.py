"""Several data sets as one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.checks import require
from impasto.sources.base import Part, Source
from impasto.sources.numbers import row_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from impasto._core import Index


def concat(*sources: Source) -> "Concatenation":
    """Data sets one behind the other, as one; keys, captions and labels stay each one's own.

    Args:
        sources: What is put together; a source may come more than once.

    Raises:
        RecipeError: If there is none, or one is no source.

    Examples:
        >>> import impasto
        >>> cats = impasto.sources.Sequence([(b"...", "a cat"), (b"...", "a tabby")])
        >>> dogs = impasto.sources.Sequence([(b"...", "a dog")])
        >>> both = impasto.sources.concat(cats, dogs)
        >>> len(both), both[2].captions
        (3, ('a dog',))
    """
    return Concatenation(sources)


class Concatenation(Source):
    """Data sets one behind the other; see `concat`.

    Args:
        members: The data sets.

    Raises:
        RecipeError: If there is none, or one is no source.
    """

    def __init__(self, members: tuple[Source, ...]) -> None:
        require(len(members) > 0, "there is nothing to put together; give one source or more")
        for member in members:
            remedy = (
                "give them one by one: concat(*sources)" if isinstance(member, list | tuple) else "see impasto.sources"
            )
            require(isinstance(member, Source), f"{type(member).__name__} {member!r} is no source; {remedy}")
        left_out: dict[str, int] = {}
        for member in members:
            for kind, count in member.left_out.items():
                left_out[kind] = left_out.get(kind, 0) + count
        super().__init__(", ".join(map(repr, members)), left_out)
        #: The data sets.
        self.members = members
        self._ends = np.cumsum([len(member) for member in members], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1])

    def _own(self, row: int) -> tuple[Source, int]:
        row = row_number(row, len(self))
        member = int(np.searchsorted(self._ends, row, side="right"))
        return self.members[member], row - self._begin(member)

    def _begin(self, member: int) -> int:
        return int(self._ends[member - 1]) if member else 0

    def key(self, row: int) -> str:
        """What its own data set calls it."""
        source, own = self._own(row)
        return source.key(own)

    def facts(self, row: int) -> Mapping[str, Any]:
        """What its own data set knows of it."""
        source, own = self._own(row)
        return source.facts(own)

    def find(self, row: int) -> tuple["Index", int]:
        """Where its own data set has it."""
        source, own = self._own(row)
        return source.find(own)

    @property
    def copies(self) -> bool:
        """Whether some rows of some data set are read from copies."""
        return any(member.copies for member in self.members)

    def borders(self) -> "NDArray[np.int64] | None":
        """Where the shards of all begin, if all lie in shards."""
        begins: list[NDArray[np.int64]] = []
        for number, member in enumerate(self.members):
            own = member.borders()
            if own is None:
                return None
            begins.append(own[:-1] + self._begin(number))
        return np.append(np.concatenate(begins), len(self))

    def parts(self, rows: "NDArray[np.int64]") -> list[Part]:
        """The rows, by the source that reads each."""
        found = []
        owners = np.searchsorted(self._ends, rows, side="right")
        for member in np.unique(owners).tolist():
            places = np.flatnonzero(owners == member)
            own = rows[places] - self._begin(member)
            found += [part._replace(places=places[part.places]) for part in self.members[member].parts(own)]
        return found
