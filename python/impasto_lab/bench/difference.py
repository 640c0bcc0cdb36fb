"""How far two sets of numbers are apart: one number says little where decoders, or half precision, round anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

_NAMED = {"max": "a pixel differs", "mean": "pixels on average differ", "p999": "one pixel in a thousand differs"}


class Difference(NamedTuple):
    """Absolute differences of pixels.

    Attributes:
        max: The worst of them.
        mean: On average.
        p999: What one in a thousand is beyond.
    """

    max: float
    mean: float
    p999: float

    @classmethod
    def between(cls, one: Tensor, other: Tensor) -> Difference:
        """Of two tensors of one shape."""
        apart = (one.float() - other.float()).abs().flatten()
        place = max(1, round(0.999 * len(apart)))
        return cls(float(apart.max()), float(apart.mean()), float(apart.kthvalue(place).values))

    def beyond(self, limits: Mapping[str, float]) -> str | None:
        """Which of some statistics is beyond its limit, in words; None if none is.

        Args:
            limits: By name of the statistic: ``"max"``, ``"mean"``, ``"p999"``.
        """
        for statistic, limit in limits.items():
            value: float = getattr(self, statistic)
            if not value <= limit:
                return f"{_NAMED[statistic]} by {value:.2g}, more than {limit:g}"
        return None
