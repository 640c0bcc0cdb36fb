"""Links as they are tried: what one becomes, and why it is dead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Visit:
    """A row's link on its way: each redirect and each further try is one more request.

    Attributes:
        row: The row of the list.
        url: What is asked for next.
        host: Its host, which the requests are counted by.
        tries: Failures so far that may pass.
        redirects: Redirects so far.
    """

    row: int
    url: str
    host: str
    tries: int = 0
    redirects: int = 0


class DeadLink(Exception):  # noqa: N818  it is what a link is, not an error of ours
    """Why a link gives no image; every one ends in the records.

    Attributes:
        reason: In few words, the same for all links that are dead in the same way.
        detail: What else is known.
        passing: Whether a later try may do better.
        wait: So long the server asks to be left alone, in seconds.
        status: img2dataset's: whether the file could not be had, or was no image.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        passing: bool = False,
        wait: float | None = None,
        status: str = "failed_to_download",
    ) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.passing = passing
        self.wait = wait
        self.status = status

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason
