"""A request that may be slow, fail or never be answered: made again, or twice at once."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401 - what it does at exit is to come after what is done here
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, TypeVar

from impasto.errors import ImpastoError, SourceError
from impasto.messages import logger
from impasto.sources.remote.addresses import without_queries
from impasto.sources.remote.transfer import Transfer
from impasto.streams import stream

Answer = TypeVar("Answer")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0
#: Answers of HTTP that say to come again: too early, too many.
_AGAIN = (408, 425, 429)
#: Seconds between two looks at whether the process ends.
_LOOK = 0.1
_FOR_GOOD = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, NotImplementedError)

_ending = threading.Event()
# Python joins the threads of its pools before it runs atexit's functions; what is registered here runs before both.
threading._register_atexit(_ending.set)  # type: ignore[attr-defined]


class Asking:
    """Asks, with the patience of a `Transfer`.

    Args:
        transfer: Retries, time-outs, hedges.
    """

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._took: deque[float] = deque(maxlen=32)

    def __call__(
        self, ask: Callable[[], Future[Answer]], *, what: str, wrong: Callable[[Answer], str] = lambda _: ""
    ) -> Answer:
        """The answer to a request.

        Args:
            ask: Makes the request.
            what: What is asked for: it keys the pauses, so that processes don't ask again in step.
            wrong: What is wrong with an answer, if anything is.

        Raises:
            Exception: The error of the last try.
        """
        retries = self._transfer.retries
        for attempt in range(retries + 1):
            error, found = self._hedged(ask, wrong)
            if error is None:
                answer: Answer = found
                return answer
            if attempt == retries or is_final(error):
                raise error
            pause(what, attempt, error)
        raise AssertionError("a last try returns or raises")

    def _hedged(self, ask: Callable[[], Future[Any]], wrong: Callable[[Any], str]) -> tuple[BaseException | None, Any]:
        """One try: the error, or None and the answer."""
        begun = time.monotonic()
        error: BaseException | None = None
        asked, until = [ask()], begun + self._transfer.timeout
        hedge = self._patience()
        while asked:
            second = hedge is not None and len(asked) == 1
            left = until - time.monotonic()
            done, _ = wait(asked, timeout=min(left, hedge) if second and hedge else left, return_when=FIRST_COMPLETED)
            if not done and second and time.monotonic() < until:
                asked.append(ask())
                hedge = None
                continue
            if not done:
                error = TimeoutError(f"no answer in {self._transfer.timeout:g} s")
                break
            for future in done:
                asked.remove(future)
                error = future.exception()
                if error is None and not (reason := wrong(future.result())):
                    _cancel(asked)
                    self._took.append(time.monotonic() - begun)
                    return None, future.result()
                error = error or OSError(reason)
        _cancel(asked)
        return error, None

    def _patience(self) -> float | None:
        """Seconds after which a second request is made."""
        least = self._transfer.hedge
        if least is None or not self._took:
            return least
        return max(least, 3 * statistics.median(self._took))


def pause(what: str, attempt: int, error: BaseException) -> None:
    """Waits before something that failed is asked for again, longer each time."""
    seconds = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE) * stream("retry", what, attempt).uniform(0.75, 1.25)
    logger.info("%s: %s; asked again in %.1f s", without_queries(what), told(error), seconds)
    time.sleep(seconds)


def _cancel(futures: list[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


def is_final(error: BaseException) -> bool:
    """Whether asking again is of no use."""
    # fsspec's HTTP says that a file is missing where the server fails, too; the cause says which it was.
    cause = error.__cause__ or error
    status = _status(cause)
    if status is not None:
        return 400 <= status < 500 and status not in _AGAIN
    return isinstance(cause, (*_FOR_GOOD, ImpastoError))


def _status(error: BaseException) -> int | None:
    """The status of HTTP that an error of aiohttp or botocore carries."""
    response = getattr(error, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    status = getattr(error, "status", metadata.get("HTTPStatusCode"))
    return status if isinstance(status, int) else None


def told(error: BaseException) -> str:
    """An error for people: some have no words, and some have URLs with signatures."""
    cause = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ else error
    words = without_queries(str(cause))
    return f"{type(cause).__name__}: {words}" if words else type(cause).__name__


def in_thread(function: Callable[[], Answer], name: str) -> Future[Answer]:
    """Runs a function in a thread that no exit of the process waits for."""
    future: Future[Answer] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            answer = function()
        except BaseException as error:  # noqa: BLE001 - who waits for the future raises it
            future.set_exception(error)
        else:
            future.set_result(answer)

    threading.Thread(target=run, name=f"impasto-{name}", daemon=True).start()
    return future


def awaited(future: Future[Answer], what: str) -> Answer:
    """What comes of a future, in a thread that an exit of the process may wait for.

    Args:
        future: What is waited for.
        what: In words.

    Raises:
        SourceError: If the process ends meanwhile: nobody wants it any more.
    """
    while not wait([future], timeout=_LOOK).done:
        if _ending.is_set():
            raise SourceError("the process ended before the copy was there; the next run makes it", path=what)
    return future.result()
