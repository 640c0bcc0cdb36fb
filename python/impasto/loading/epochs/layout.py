"""Where the batches of an epoch lie in its order: arithmetic alone."""

from __future__ import annotations

from typing import NamedTuple

from impasto.errors import CheckpointError, RecipeError


class Position(NamedTuple):
    """Where a run stands: so many samples of an epoch have been taken, over all ranks."""

    epoch: int
    samples: int = 0


class Place(NamedTuple):
    """Where one rank's batch lies.

    Attributes:
        round: Its round: the number of its batch on this rank.
        rank: Whose it is.
        ranks: Of how many.
        bounds: Where it begins and ends in the epoch's order.
        round_bounds: Where the batches of all ranks together do.
    """

    round: int
    rank: int
    ranks: int
    bounds: tuple[int, int]
    round_bounds: tuple[int, int]


def even_part(start: int, stop: int, part: int, parts: int) -> tuple[int, int]:
    """One part of a range that is shared out evenly: sizes differ by at most one."""
    size = stop - start
    return start + part * size // parts, start + (part + 1) * size // parts


class Layout:
    """Where each batch of an epoch begins and ends in the epoch's order, over all ranks.

    Ranks take their batches in rounds: batch number ``round * world_size + rank`` is a rank's batch of a round.

    Args:
        length: Samples in the data set.
        batch_size: Samples in a batch, on one rank.
        world_size: Number of ranks.
        drop_last: Whether samples that fill no whole round are left out, or shared by the last batches.

    Raises:
        RecipeError: If there are too few samples.
    """

    def __init__(self, length: int, batch_size: int, world_size: int, drop_last: bool) -> None:
        if not length:
            raise RecipeError("the data are empty: there is no sample to make a batch of")
        round_size = batch_size * world_size
        rounds, rest = divmod(length, round_size)
        tail_rounds = 0
        if not drop_last and rest:
            # Fewer leftover samples than ranks: take a whole round back, so that no rank is left with nothing.
            borrow = rest < world_size and rounds > 0
            rounds, rest, tail_rounds = (rounds - 1, rest + round_size, 2) if borrow else (rounds, rest, 1)
        if tail_rounds == 2 and batch_size == 1:
            raise RecipeError(
                f"{length} samples one by one are no multiple of {world_size} ranks, so that some rank would lack its "
                "last batch; use drop_last=True or batch_size=2"
            )
        if length < (round_size if drop_last else world_size):
            raise RecipeError(
                f"{length} samples do not fill one batch of {batch_size} on each of {world_size} ranks; "
                "use a smaller batch_size or drop_last=False"
            )
        self.length, self.batch_size, self.world_size, self.drop_last = length, batch_size, world_size, drop_last
        self.rounds = rounds + tail_rounds
        self._whole = rounds * world_size
        self._tail = tail_rounds * world_size
        self._end = rounds * round_size + (rest if tail_rounds else 0)

    def __len__(self) -> int:
        """Batches of an epoch, over all ranks."""
        return self._whole + self._tail

    def bounds(self, number: int) -> tuple[int, int]:
        """Where a batch begins and ends."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        if number < self._whole:
            return number * self.batch_size, (number + 1) * self.batch_size
        return even_part(self._whole * self.batch_size, self._end, number - self._whole, self._tail)

    def place(self, round: int, rank: int, since: int | None = None) -> Place:
        """Where a rank's batch of a round lies.

        Args:
            round: The round.
            rank: The rank.
            since: Where the round begins instead of its own first sample, as `resume` says.
        """
        ranks = self.world_size
        if since is not None:
            return Place(round, rank, ranks, even_part(since, self.length, rank, ranks), (since, self.length))
        first, last = self.bounds(round * ranks), self.bounds((round + 1) * ranks - 1)
        return Place(round, rank, ranks, self.bounds(round * ranks + rank), (first[0], last[1]))

    def taken(self, rounds: int) -> int:
        """Samples that all ranks together have taken after so many rounds."""
        return self._end if rounds == self.rounds else self.bounds(rounds * self.world_size)[0]

    def resume(self, samples: int) -> tuple[int, int | None]:
        """The round with which an epoch goes on after so many samples.

        Returns:
            The round, and None; or the last one, and the sample that it begins with instead of its own first: what a
            run on other ranks has left over is shared out once more.

        Raises:
            CheckpointError: If that many samples end between two batches.
        """
        if samples >= self._end:
            return self.rounds, None
        round_size = self.batch_size * self.world_size
        for number in (samples // round_size, self.rounds - 1):
            if self.taken(number) == samples:
                return number, None
        if not self.drop_last and self.world_size <= self.length - samples <= round_size:
            return self.rounds - 1, samples
        raise CheckpointError(
            f"the state stands at sample {samples}, between two batches of {self.batch_size} x {self.world_size} "
            "ranks; keep batch_size x world_size"
        )
