"""``impasto show mixgen``: what MixGen's variants make of a data set's pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from impasto.cli import File, Opening, Positional, output

EPILOG = """\
examples:
  impasto show mixgen captions_val2017.json --images val2017/
  impasto show mixgen 'shards/{00000..00041}.tar' --out mixgen.html --rows 8 --seed 3"""


@dataclass(frozen=True, kw_only=True)
class ShowMixgen:
    """Writes an HTML page of pairs of a data set: both images and captions, and what MixGen's variants make of them.

    The variants are those of the MixGen paper's table. The format of DATA is told from its content, as `impasto info`
    does.

    Args:
        data: Annotation file, folder, tar shard, or pattern of shards.
        opening: How it is opened.
        out: The page.
        rows: Pairs to show.
        seed: Of samples, crops and draws.
    """

    data: Positional[str]
    opening: Opening = field(default_factory=Opening)
    out: File = "mixgen.html"
    rows: int = 6
    seed: int = 0


def run(show: ShowMixgen) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.report.mixgen import write_mixgen_page

    console = output.console()
    path = write_mixgen_page(show.opening.open(show.data), Path(show.out), rows=show.rows, seed=show.seed)
    console.print(str(path), markup=False, soft_wrap=True)
    return 0
