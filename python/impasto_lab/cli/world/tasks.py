"""``impasto world tasks``: scenes with questions, hypotheses, statements and expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from impasto.cli import File, Positional, output

EPILOG = """\
examples:
  impasto world tasks out/ --size tiny --seed 0
  impasto info out/annotations/v2_OpenEnded_mscoco_train2014_questions.json"""


@dataclass(frozen=True, kw_only=True)
class WorldTasks:
    """Renders scenes with what may be asked and said of them, in the files of VQA 2.0, SNLI-VE, NLVR2 and RefCOCO+.

    Ten people answer each question, and some err; a model that makes no mistake scores 100 in every task. The seed is
    the whole input: the same command writes the same bytes.

    Args:
        out: The folder to write into.
        size: How many images: 200, 2,000 or 20,000.
        seed: Of everything.
        json: Write what was made as JSON too ('-': to standard output, alone).
    """

    out: Positional[str]
    size: Literal["tiny", "small", "medium"] = "tiny"
    seed: int = 0
    json: File | None = None


def run(world: WorldTasks) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import render_language

    tell = output.Terminal(output.console(world.json))
    with tell.bar("rendering") as progress:
        made = render_language(world.out, size=world.size, seed=world.seed, progress=progress)
    counts = ", ".join(f"{count:,} {split}" for split, count in made.about["images"].items())
    tell.say(f"{counts} images in {made.root}")
    for what, place in (
        ("VQA 2.0", "annotations/v2_OpenEnded_mscoco_train2014_questions.json"),
        ("SNLI-VE", "annotations/snli_ve_train.jsonl"),
        ("NLVR2", "nlvr2/train.json"),
        ("RefCOCO+", "refcoco+ --images images"),
    ):
        tell.say(f"  {what:14} {made.root / place}")
    output.write_json({**made.about, "folder": str(made.root)}, world.json)
    return 0
