"""The flag of verbs that count wall-clock time: to wait for a quiet machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.checks import require
from impasto.cli import output

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The flag; what else runs takes part in wall-clock time.

    Args:
        wait_quiet: Seconds to wait at most until the load average is no more than the cores; what isn't quiet then is
            timed nevertheless, and told.
    """

    wait_quiet: float = 0.0

    def wait(self, console: Console) -> None:
        """Waits, and says for what.

        Raises:
            RecipeError: If the seconds are fewer than none.
        """
        from impasto_lab.bench import quiet

        require(self.wait_quiet >= 0, f"wait_quiet={self.wait_quiet} must not be negative")
        if self.wait_quiet and quiet.is_quiet(found := quiet.load()) is False:
            waited = f"a load average of {found} to fall to {quiet.cores()}, {self.wait_quiet:g} s at most"
            output.Terminal(console).say(f"waiting for {waited}")
            quiet.wait(self.wait_quiet)
