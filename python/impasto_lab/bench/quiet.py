"""Whether the machine is quiet: what else runs takes part in every figure by the wall's clock."""

from __future__ import annotations

import os
import time
from typing import Any

#: Seconds between two looks; the system itself counts every five.
_LOOK = 5.0


def load() -> float | None:
    """The system's load average over a minute; None where there is none."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def is_quiet(found: float | None) -> bool | None:
    """Whether no more runs than there are cores; None where nobody knows.

    Args:
        found: A load average, before anything is timed.
    """
    return None if found is None else found <= cores()


def cores() -> int:
    """All cores of the system, which its load average is of."""
    return os.cpu_count() or 1


def recorded(found: float | None) -> dict[str, Any]:
    """A load average as JSON has it, with what it says."""
    return {"load_average": found, "quiet": is_quiet(found)}


def told(found: float | None) -> str:
    """A load average in words, for people.

    Args:
        found: From `load`, before anything was timed.
    """
    warning = f", more than {cores()} cores: the machine was not quiet" if is_quiet(found) is False else ""
    return f"load average before: {found}{warning}"


def wait(seconds: float) -> bool | None:
    """Waits until the machine is quiet.

    Args:
        seconds: The most that are waited, from 0.

    Returns:
        Whether it is; None where nobody knows.
    """
    until = time.monotonic() + seconds
    while is_quiet(load()) is False:
        left = until - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(_LOOK, left))
    return is_quiet(load())
