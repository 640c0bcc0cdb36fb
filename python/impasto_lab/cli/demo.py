"""``impasto demo``: all of it on real photographs, from files to a report."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from impasto.cli import Device, File, Folder, output

if TYPE_CHECKING:
    from rich.console import Console

EPILOG = """\
examples:
  impasto demo
  impasto demo --out /tmp/demo --quick --json -

The same seed writes the same data and draws the same batches."""


@dataclass(frozen=True, kw_only=True)
class RunDemo:
    """Shows on this machine what impasto does.

    Takes the photographs that scikit-image and scikit-learn carry, cuts and varies them into a few hundred captioned
    images, adds rendered scenes, and writes them as COCO captions JSON and tar shards; loads both with MixGen; times
    our loader against two Python loaders; trains a small dual encoder (CLIP's loss) for about a minute; scores
    retrieval on held-out pairs; and writes DIR/report.html.

    Args:
        out: Folder for data, run and report.
        quick: Seconds instead of minutes; the model hardly learns.
        no_timing: Leave the comparison with other loaders out.
        device: What to train on; auto takes a GPU if there is one.
        seed: Of everything.
        json: Write the results as JSON too ('-': to standard output, alone).
    """

    out: Folder = "demo"
    quick: bool = False
    no_timing: bool = False
    device: Device = "auto"
    seed: int = 0
    json: File | None = None


def run(demo: RunDemo) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    # Torch's threads wait for each other by spinning. Where something else wants a core too, that made training fifteen
    # times slower; sleeping costs little where nothing does. It has to be said before torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from impasto_lab.experiments.demo import Demo
    from impasto_lab.experiments.demo import run as run_demo

    console = output.console(demo.json)
    result = run_demo(
        demo.out,
        (Demo.quick if demo.quick else Demo)(seed=demo.seed),
        device=demo.device,
        time_loaders=None if demo.no_timing else lambda: _time_loaders(console, quick=demo.quick, seed=demo.seed),
        narrator=output.Terminal(console),
    )
    output.write_json(result.as_dict(), demo.json)
    return 0


def _time_loaders(console: Console, *, quick: bool, seed: int) -> dict[str, Any]:
    from impasto_lab.bench.loader import run as run_bench
    from impasto_lab.bench.machine import cpus
    from impasto_lab.bench.settings import LoaderTiming
    from impasto_lab.cli.bench.loader import show

    few = quick or len(cpus()) < 2
    timing = LoaderTiming(
        images=128 if quick else 256,
        batch_size=32,
        rounds=2 if quick else 4,
        workers=(0,) if few else (0, 2),
        seed=seed,
    )
    bench = run_bench(timing, track=output.Progress(console))
    show(bench, console)
    return bench.as_dict()
