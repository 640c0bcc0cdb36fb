"""A data set's stylized copies."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from impasto.cli import output
from impasto.cli.flags import make
from impasto.cli.stylize.arguments import Copies, Stylize
from impasto.cli.stylize.opening import open_randomizer
from impasto.errors import RecipeError
from impasto.jobs import StylizeSettings, stylize_data


def paint(stylize: Stylize) -> dict[str, Any]:
    """Writes them, and returns what there is to say of them."""
    if stylize.out is None:
        raise RecipeError("a data set needs a folder to write into: impasto stylize DATA OUT --copies K")
    console = output.console(stylize.json)
    told = make(Copies, stylize.copies)
    names = ("alpha", "seed", "size")
    shared = {name: value for name in names if (value := getattr(stylize, name)) is not None}
    shared |= {"quality": stylize.quality, "on_error": "skip" if told.skip_bad else "raise"}
    settings = StylizeSettings(**told.settings, **shared)
    source = told.opening.open(stylize.data)
    randomizer = open_randomizer(stylize)
    with output.Terminal(console).bar("stylizing") as progress:
        done = stylize_data(source, stylize.out, randomizer, settings, workers=told.workers, progress=progress)
    if stylize.json != "-":
        console.print(f"{done.images:,} images, {done.stylized:,} of them stylized, in {done.shards}", markup=False)
        if done.done_before:
            console.print(f"{done.done_before:,} shards were there from an earlier run")
        if done.bad:
            listed = Path(stylize.out, "bad_samples.jsonl")
            console.print(f"{len(done.bad):,} could not be used, see {listed}", markup=False)
    return asdict(done)
