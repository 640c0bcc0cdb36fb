"""``impasto bench mix``: MixGen's images, beside the published function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from impasto.cli import Given
from impasto_lab.bench.settings import KernelTiming
from impasto_lab.cli.bench import kernels as shared

EPILOG = f"""\
examples:
  impasto bench mix
  impasto bench mix --rounds 21 --json mix.json

{shared.JSON}"""
_NAMES = ("rounds", "seed")


@dataclass(frozen=True, kw_only=True)
class BenchMix(shared.Bench):
    """Times mixing on bytes, normalised and laid out in the same pass, and mixing of float batches.

    The peers are the same steps by torch, and the published function of MixGen, transcribed: a loop over the rows. A
    copy of as many bytes stands beside them, which is what memory alone allows. `impasto bench loader` has the whole
    way, captions too. Arms run in turns on one core, by its CPU time.
    """

    timing: Annotated[dict[str, Any], Given(KernelTiming, "timing", _NAMES)] = field(default_factory=dict)


def run(bench: BenchMix) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.bench import kernels

    timing = shared.timing_of(bench, bench.timing)
    return shared.finish(
        bench,
        lambda: [kernels.laying_out(), kernels.mixing()],
        title="Mixing images",
        what="images/s",
        settings=timing,
    )
