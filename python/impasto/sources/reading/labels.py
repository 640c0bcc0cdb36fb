"""From what a data set holds as a label to what the index takes."""

from numbers import Integral, Real

from impasto.errors import SourceError
from impasto.sources.reading.showing import show

_LEAST, _MOST = -(2**62), 2**63


def as_label(value: object, *, path: str, remedy: str) -> int | SourceError | None:
    """A row's label as a whole number: nothing is rounded, no label is chosen among several.

    Args:
        value: The label, or None.
        path: Where it lies, for messages.
        remedy: What to do about one that is no number.

    Returns:
        The number; the error in its place; or None for no label.
    """
    if value is None:
        return None
    if isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer()):
        number: int = int(value)  # type: ignore[call-overload]  # typeshed's Real is not known to have __int__
        if _LEAST <= number < _MOST:
            return number
    return SourceError(f"the label is {show(value)}, not a class number; {remedy}", path=path)
