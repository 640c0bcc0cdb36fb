"""What impasto says while it works: through one logger and in warnings, on the first rank alone."""

from __future__ import annotations

import logging
import os
import sys
import warnings

#: The library's only logger, ``"impasto"``, without handler or level of its own: ``logging.basicConfig`` and
#: ``logging.getLogger("impasto").setLevel`` say what is seen of it; ``extra={"every_rank": True}`` is for what may
#: happen on one rank alone.
logger = logging.getLogger("impasto")
logger.addFilter(lambda record: getattr(record, "every_rank", False) or is_first_rank())

_told: set[tuple[type[Warning], str]] = set()


def is_first_rank() -> bool:
    """Whether this process is the first of those that train together, or alone.

    It is asked of torch.distributed where that has begun, and of the variable ``RANK`` before, which torchrun sets.
    """
    # Where nothing has imported it, no process group can be there.
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return bool(distributed.get_rank() == 0)
    return os.environ.get("RANK", "0") == "0"


def warn_once(
    message: str, category: type[Warning] = UserWarning, *, key: str | None = None, stacklevel: int = 1
) -> None:
    """Warns of something, once in a process and on the first rank alone.

    Args:
        message: What is wrong, and what to do about it.
        category: Which warning it is.
        key: What is said once, where the message's wording changes from one time to the next; the message by default.
        stacklevel: Whose line the warning names: 1 the caller's, 2 that of the caller's caller, and so on.
    """
    once = (category, message if key is None else key)
    if once in _told or not is_first_rank():
        return
    _told.add(once)
    warnings.warn(message, category, stacklevel=stacklevel + 1)
