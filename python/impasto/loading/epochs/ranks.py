"""Which part of the batches is this process's: said by the user, or found in torch.distributed."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from impasto.checks import at_least, is_count, require
from impasto.errors import RecipeError
from impasto.messages import logger

_FILLED_UP = (
    "Accelerate fills the last batches up with samples of its own choice; use drop_last=True, or give rank= and "
    "world_size= and leave prepare() out"
)


class Ranks:
    """This process's number among those that share the data.

    Args:
        rank: The number, in ``range(world_size)``; None asks torch.distributed whenever it is needed, so that a
            loader may be made before the processes are.
        world_size: Number of processes; None likewise.

    Raises:
        RecipeError: If one is given without the other, or makes no sense.
    """

    def __init__(self, rank: int | None, world_size: int | None) -> None:
        self.given = world_size is not None
        require((rank is None) == (world_size is None), f"rank={rank} and world_size={world_size} belong together")
        if world_size is not None:
            at_least(1, world_size=world_size)
            holds = is_count(rank) and 0 <= rank < world_size  # type: ignore[operator]
            require(holds, f"rank={rank!r} must lie in 0..{world_size - 1} (world_size={world_size})")
        self._rank = None if rank is None else int(rank)
        self._world_size = None if world_size is None else int(world_size)

    def here(self) -> tuple[int, int]:
        """This process's number, and how many there are."""
        if self._rank is None or self._world_size is None:
            return _around()
        return self._rank, self._world_size

    def of_shard(self, shard: Any, *, drop_last: bool) -> int:
        """The number of processes among which Accelerate shares batches out.

        Raises:
            RecipeError: If they are shared out twice, or not whole.
        """
        count = int(shard.num_processes)
        if self.given and self.here()[1] > 1:
            rank, world_size = self.here()
            raise RecipeError(
                f"the batches are shared among ranks twice: by rank={rank}, world_size={world_size}, and by Accelerate "
                "once more; leave rank= and world_size= out, or prepare()"
            )
        require(not shard.split_batches, "split_batches=True would tear batches apart; use split_batches=False")
        require(drop_last or count == 1, _FILLED_UP)
        return count


def asking_shard() -> Any:
    """The shard of Accelerate that asks the caller of this for batches, or None.

    `accelerate.prepare` puts a BatchSamplerShard around a batch sampler, which takes the batches of all processes and
    hands on its own. Nothing but who asks tells it from a DataLoader, which wants those of this process.
    """
    asker = sys._getframe(2).f_locals.get("self")
    kind = type(asker)
    return asker if kind.__name__ == "BatchSamplerShard" and kind.__module__.startswith("accelerate") else None


def _around() -> tuple[int, int]:
    # Where nothing has imported it, no process group can be there.
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return 0, 1
    rank, world_size = distributed.get_rank(), distributed.get_world_size()
    if world_size > 1 and rank == 0:
        _say_once(world_size)
    return rank, world_size


@cache
def _say_once(world_size: int) -> None:
    logger.warning(
        "each of the %d processes of torch.distributed loads its own part of the data, as no rank was given; where one "
        "process wants all of it, pass rank=0, world_size=1",
        world_size,
    )
