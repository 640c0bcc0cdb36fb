"""How stores are asked for shards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from impasto.checks import at_least, is_number, require


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """How shards that lie elsewhere are copied: ``WebDataset(..., transfer=Transfer(retries=8))``.

    Args:
        options: What the file system is made with, as fsspec's ``storage_options``: ``{"anon": True}``,
            ``{"endpoint_url": "..."}``.
        retries: How often a request that failed is made again, after 0.25 s, then twice as long each time (8 s at the
            most), give or take a part that keeps processes apart. What is missing or forbidden is not asked for again.
        timeout: Seconds after which a request without answer has failed.
        hedge: Seconds after which a request without answer is made a second time beside the first, and the first answer
            taken; at least three times what the last requests took (their median), so that a slow line isn't asked for
            everything twice. None never does.
        part_bytes: Bytes asked for at once.
        parallel: Shards that a process copies at once.

    Raises:
        RecipeError: If a value makes no sense.
    """

    options: Mapping[str, Any] = field(default_factory=dict, repr=False)  # it may hold secrets
    retries: int = 5
    timeout: float = 60.0
    hedge: float | None = 2.0
    part_bytes: int = 16 << 20
    parallel: int = 4

    def __post_init__(self) -> None:
        require(isinstance(self.options, Mapping), "options must be a mapping, such as {'anon': True}")
        at_least(0, retries=self.retries)
        at_least(1, part_bytes=self.part_bytes, parallel=self.parallel)
        for name, value in (("timeout", self.timeout), ("hedge", self.hedge)):
            holds = (value is None and name == "hedge") or (is_number(value) and 0 < value < float("inf"))  # type: ignore[operator]
            require(holds, f"{name}={value!r} must be a number of seconds above 0")
