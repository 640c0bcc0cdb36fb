"""``impasto bench retrieval``: what searching COCO's 5,000 images takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Given, Written, output
from impasto_lab.bench.retrieval.settings import RetrievalTiming

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.retrieval.measuring import RetrievalBench

EPILOG = """\
examples:
  impasto bench retrieval                           a few minutes
  impasto bench retrieval --quick                   seconds
  impasto bench retrieval --k 32 --json retrieval.json
  impasto bench retrieval --quick --vilt vilt/ --prefilter clip/ albef/ --data scenes/annotations/captions_val.json

JSON: seconds (of CPU time, medians: images, captions, product, ranks, search, loop, vilt), rounds (the same, each),
rates (a second of CPU time, by medians: images, captions, pairs), score_bytes, apart (of answers), hours (of a ViLT:
all, prefiltered), ratio (loop over search), parameters, prefiltered (each search of the data: by which prefilter, None
for all pairs; k, None for the prefilter alone; rsum, seconds), machine, versions, settings, seed, command."""


@dataclass(frozen=True, kw_only=True)
class BenchRetrieval:
    """Times retrieval on one core: towers' product and ranks, re-ranking by pairs, a ViLT that is asked about all.

    Weights, images and captions are drawn: what is timed depends on their sizes alone. Re-ranking from kept encodings
    is compared with a loop over the same pairs, whose answers must be the same. Each figure is the CPU time of this
    process, the median of the rounds, which are taken in turns. With checkpoints and data of your own also what a
    prefilter saves a ViLT, and what it costs in recall.

    Args:
        quick: Tiny models, 1,000 images, unless told otherwise.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    quick: bool = False
    json: Written | None = None
    timing: Annotated[dict[str, Any], Given(RetrievalTiming, "timing")] = field(default_factory=dict)


def run(bench: BenchRetrieval) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(bench.json)
    timing = (RetrievalTiming.quick if bench.quick else RetrievalTiming)(**bench.timing)
    from impasto_lab.bench.retrieval.measuring import run as time_retrieval

    measured = time_retrieval(timing, track=output.Progress(console))
    if bench.json != "-":
        show(measured, console)
    output.write_json(measured.as_dict(), bench.json)
    return 0


def show(bench: RetrievalBench, console: Console) -> None:
    """Prints the figures."""
    settings, rates = bench.settings, bench.rates
    took = {
        name: f"{bench.seconds[name]:.2f} s ({min(each):.2f} to {max(each):.2f})" for name, each in bench.rounds.items()
    }
    captions = settings["images"] * settings["captions"]
    asked = f"{settings['searched']} images, {settings['searched'] * settings['captions']} captions, k={settings['k']}"
    for line in (
        f"{bench.machine['cpu']}, one core, CPU time, median of {settings['rounds']}; models {settings['preset']}",
        f"CLIP encodes {rates['images']:.0f} images or {rates['captions']:.0f} captions a second",
        f"{settings['images']:,} x {captions:,} scores, {bench.score_bytes / 1e9:.2f} GB: {took['product']}",
        f"their ranks: {took['ranks']}",
        f"re-ranking, {asked}: {took['search']}, a loop {took['loop']}: {bench.ratio:.1f}x",
        f"compared first: answers apart by {bench.apart:.1g} at most",
        f"ViLT judges {rates['pairs']:.0f} pairs a second",
        f"all of them: {bench.hours['all']:.1f} h; {settings['k']} candidates: {bench.hours['prefiltered']:.2f} h",
    ):
        console.print(line, markup=False, soft_wrap=True)
    for one in bench.prefiltered:
        asked = "ViLT about all pairs" if one.by is None else f"{one.by}, {f'first {one.k}' if one.k else 'alone'}"
        console.print(f"{asked}: RSUM {one.rsum:.1f}, {one.seconds:.1f} s", markup=False, soft_wrap=True)
