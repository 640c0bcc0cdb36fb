"""What is done when something is let go, without a line of Python: nothing there can be interrupted."""

from __future__ import annotations

import operator
import os
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import chain, count
from typing import Any


class _Loan(weakref.ref[Any]):
    """A reference that says what is done when its object ends."""

    give: Callable[[], object]


_numbers = count()
_loans: dict[int, _Loan] = {}
#: Takes what iterators give, and keeps nothing.
_sink: deque[object] = deque(maxlen=0)
_give = operator.methodcaller("give")

if hasattr(os, "register_at_fork"):
    # A child that is forked has its parent's arrays, and their ends there don't count.
    os.register_at_fork(after_in_child=_loans.clear)


def when_let_go(thing: Any, then: partial[Any]) -> None:
    """Does something once nothing refers to an object any more, in whatever thread that happens.

    A Ctrl-C that comes while Python code runs at an object's end (`weakref.finalize`, ``__del__``) is lost: Python
    prints it and goes on. Batches end all the time, so nothing but built-in functions runs here.

    Args:
        thing: The object, such as an array.
        then: A call of a built-in function.
    """
    number = next(_numbers)
    loan = _Loan(thing, _give)
    loan.give = partial(_sink.extend, chain(map(operator.call, (then,)), map(_loans.pop, (number,))))
    _loans[number] = loan
