"""Which part of the batches is this process's: said by the user, or found in torch.distributed."""

from __future__ import annotations

import sys
from functools import cache
from types import FrameType
from typing import Any

from impasto.checks import at_least, is_count, require
from impasto.errors import RecipeError
from impasto.messages import logger

_FILLED_UP = (
    "Accelerate fills the last batches up with samples of its own choice; use drop_last=True, or give rank= and "
    "world_size= and leave prepare() out"
)

_DISPATCHER = "DataLoaderDispatcher"
#: The most calls between a dispatcher and a batch sampler.
_BETWEEN = 12


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
        """The number of processes whose batches Accelerate takes here, each whole.

        Raises:
            RecipeError: If they are shared out twice, or not whole.
        """
        if self.given and self.here()[1] > 1:
            rank, world_size = self.here()
            raise RecipeError(
                f"the batches are shared among ranks twice: by rank={rank}, world_size={world_size}, and by Accelerate "
                "once more; leave rank= and world_size= out, or prepare()"
            )
        if _is_of_accelerate(shard, _DISPATCHER):
            return 1  # it cuts what one process has loaded for all
        count = int(shard.num_processes)
        require(not shard.split_batches, "split_batches=True would tear batches apart; use split_batches=False")
        require(drop_last or count == 1, _FILLED_UP)
        return count


def asking_shard() -> Any:
    """What of Accelerate asks the caller of this for the batches of all processes, or None.

    `accelerate.prepare` puts a BatchSamplerShard around a batch sampler, which hands on those of its process, or, with
    ``dispatch_batches=True``, a DataLoaderDispatcher around a DataLoader, which sends each process its rows. Nothing
    but who asks tells them from a DataLoader, which wants those of this process.
    """
    frame: FrameType | None = sys._getframe(2)
    asker = _self_of(frame)
    if _is_of_accelerate(asker, "BatchSamplerShard"):
        return asker
    # A dispatcher asks through a DataLoader, its iterator, and what leaves batches out.
    for _ in range(_BETWEEN if "accelerate" in sys.modules else 0):
        frame = frame and frame.f_back
        asker = _self_of(frame)
        if _is_of_accelerate(asker, _DISPATCHER):
            return asker
    return None


def _self_of(frame: FrameType | None) -> Any:
    """What a frame of Accelerate's calls ``self``; None of any other.

    A frame that is asked for its locals keeps all of them until it ends (Python 3.11, 3.12), those that it lets go too.
    """
    if frame is None or not str(frame.f_globals.get("__name__")).startswith("accelerate"):
        return None
    return frame.f_locals.get("self")


def _is_of_accelerate(asker: Any, name: str) -> bool:
    kind = type(asker)
    return kind.__name__ == name and kind.__module__.startswith("accelerate")


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
