"""``impasto reproduce default-style``: the style model that comes with impasto, made again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from impasto.cli import Device, File, Folder, output

EPILOG = """\
examples:
  impasto reproduce default-style --size smoke        seconds: every step runs, nothing is learnt
  impasto reproduce default-style --out style-run     hours on two CPU cores

The seeds are in the settings; the model's file holds them with its measures."""


@dataclass(frozen=True, kw_only=True)
class ReproduceDefaultStyle:
    """Makes the style model that comes with impasto.

    Renders contents (the photographs that scikit-image and scikit-learn carry, and scenes) and hundreds of procedural
    styles; trains a small VGG to tell them apart, whose features losses and predictor look at; trains the transformer;
    and measures on contents and styles that were held out. What OUT holds already is used as it is, so an interrupted
    run goes on.

    Args:
        out: The run's folder.
        size: How much is done.
        device: What to train on; auto takes a GPU if there is one.
        seed: Of everything.
        json: Write settings and measures as JSON too ('-': to standard output, alone).
    """

    out: Folder = "default-style"
    size: Literal["smoke", "full"] = "full"
    device: Device = "auto"
    seed: int = 0
    json: File | None = None


def run(reproduce: ReproduceDefaultStyle) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.bench.machine import describe, versions
    from impasto_lab.experiments.default_style import DefaultStyle, run
    from impasto_lab.training import pick_device

    console = output.console(reproduce.json)
    make = DefaultStyle.smoke if reproduce.size == "smoke" else DefaultStyle
    device = pick_device(reproduce.device)
    model = run(reproduce.out, make(seed=reproduce.seed), device=device, narrator=output.Terminal(console))
    about = {
        "machine": describe(),
        "versions": versions("impasto", "torch", "scikit-image", "scikit-learn"),
        "command": f"impasto reproduce default-style --size {reproduce.size} --seed {reproduce.seed}",
    }
    output.write_json({**model.about, **about}, reproduce.json)
    return 0
