"""``impasto world office31-like``: 31 outlines in three domains' folders."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from impasto.cli import File, Positional, Positive, output

EPILOG = """\
examples:
  impasto world office31-like out/ --rho 0.7
  impasto info out/"""


@dataclass(frozen=True, kw_only=True)
class WorldOffice31Like:
    """Renders 31 classes in Office-31's folders: OUT/amazon/images/star/frame_0001.jpg, and so on.

    Amazon shows things on white paper, in any color; dslr sharply, among clutter, where color, texture and ground often
    are the class's own; webcam as dslr, by a poor camera. The arguments are the whole input: the same command writes
    the same bytes.

    Args:
        out: The folder to write into.
        amazon: Product shots of each class.
        dslr: Sharp pictures of each class.
        webcam: Poor pictures of each class.
        size: Height and width in pixels.
        rho: How often color, texture and ground are the class's own in dslr and webcam, in [0, 1].
        shift: How far webcam's camera is from dslr's, in [0, 1]: resolution, cast, grain.
        conflict: Have color, texture and ground be another class's instead.
        seed: Of everything.
        json: Write what was made as JSON too ('-': to standard output, alone).
    """

    out: Positional[Annotated[str, "OUT"]]
    amazon: Positive = 40
    dslr: Positive = 16
    webcam: Positive = 24
    size: Annotated[Positive, "PIXELS"] = 128
    rho: float = 0.7
    shift: float = 0.5
    conflict: bool = False
    seed: int = 0
    json: File | None = None


def run(world: WorldOffice31Like) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import Office31Like, render_office31

    counts = {"amazon": world.amazon, "dslr": world.dslr, "webcam": world.webcam}
    settings = Office31Like(
        images=counts, side=world.size, rho=world.rho, shift=world.shift, conflict=world.conflict, seed=world.seed
    )
    console = output.console(world.json)
    with output.Terminal(console).bar("rendering") as progress:
        made = render_office31(world.out, settings, progress=progress)
    told = ", ".join(f"{31 * count:,} {domain}" for domain, count in counts.items())
    if world.json != "-":
        console.print(f"{told} images of 31 classes in {made}", markup=False, soft_wrap=True)
    output.write_json({"name": "office31-like", **asdict(settings), "paths": {"folder": str(made)}}, world.json)
    return 0
