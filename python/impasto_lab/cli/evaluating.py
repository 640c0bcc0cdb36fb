"""``impasto evaluate TASK``: a checkpoint, judged on a task of the registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from impasto.checks import require
from impasto.cli import Device, File, Folder, Opening, Positional, output

DESCRIPTION = """\
Evaluates a model: {title}.

CKPT is what impasto train left, or a published file with --model. Shares are in per cent."""
EPILOG = """\
example:
  impasto evaluate {task} tuned/ --data {data}"""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Evaluates a model.

    Args:
        ckpt: The folder of a run of impasto train, or a published file.
        data: What it is judged on.
        model: What a published file is of.
        vocabulary: BERT's vocab.txt of a published file.
        image_size: Side of the images in pixels; by default the checkpoint's.
        out: Where answers go, of tasks that have any.
        at_once: Images, or pairs, that are looked at together.
        workers: Threads that load.
        device: Where to compute; auto takes a GPU if there is one.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    ckpt: Positional[str]
    data: Annotated[str, "DATA"]
    opening: Opening = field(default_factory=Opening)
    model: Literal["clip", "vilt", "albef", "tcl"] | None = None
    vocabulary: File | None = None
    image_size: int | None = None
    out: Folder | None = None
    at_once: int = 64
    workers: int = 1
    device: Device = "auto"
    json: File | None = None


def run(given: Settings, task: Any, options: Any) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.tasks.downstream import Judging, evaluate, find_task, of_training, open_checkpoint
    from impasto_lab.training import pick_device

    idle = " and ".join(f"--{name}" for name in of_training(options))
    require(not idle, f"the checkpoint has what {idle} would say, from its training; leave it out")
    tell = output.Terminal(output.console(given.json))
    opened = open_checkpoint(given.ckpt, model=given.model, vocabulary=given.vocabulary)
    data = given.opening.open_split(given.data)
    out = None if given.out is None else Path(given.out)
    with tell.bar("evaluating") as progress:
        judging = Judging(
            options=options,
            batch_size=given.at_once,
            workers=given.workers,
            device=pick_device(given.device),
            out=out,
            progress=progress,
        )
        figures = evaluate(task, opened.at_size(image_size=given.image_size), data, judging)
    tell.say(f"{len(data):,} samples of {data!r}")
    for name, value in figures.items():
        tell.say(f"{name:28} {value:8.2f}")
    if note := find_task(task).note:
        tell.say(note)
    if out is not None:
        tell.say(f"see {out}")
    output.write_json(
        {"task": task, "model": opened.kind, "data": repr(data), "samples": len(data), "figures": figures}, given.json
    )
    return 0
