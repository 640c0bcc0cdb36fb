"""``impasto train TASK``: a pretrained model, tuned to a task of the registry."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from impasto.cli import File, Folder, Given, Opening, output, require_split
from impasto_lab.tasks.downstream.settings import TuneSettings

DESCRIPTION = """\
Tunes a pretrained model: {title}.

DATA is of any format that fits the task. The run's folder gets run.json, metrics.jsonl, checkpoints and, at the end,
the model; called again with the same words it goes on from the newest checkpoint."""
EPILOG = """\
examples:
  impasto train {task} --from run/ --data {data} --out tuned/
  impasto evaluate {task} tuned/ --data {data}"""

_TOLD = tuple(one.name for one in fields(TuneSettings) if one.name not in ("betas", "eps"))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Tunes a pretrained model.

    Args:
        from_: What it begins with: the folder of a run of impasto train, or a published file with --model.
        data: What it is trained on.
        out: The run's folder.
        held_out: What it is evaluated on.
        held_out_split: The split of the held-out file that holds several.
        model: What a published file is of.
        vocabulary: BERT's vocab.txt of a published file.
        preset: Where the training's settings come from: base is the papers'.
        at_once: Images, or pairs, that an evaluation looks at together.
        workers: Threads of the loader.
        device: Auto, cpu or cuda; torchrun's processes have their own.
        json: Write the records as JSON too ('-': to standard output, alone).
    """

    from_: Annotated[str, "CKPT"]
    data: Annotated[str, "DATA"]
    out: Folder
    held_out: Annotated[str, "DATA"] | None = None
    held_out_split: Annotated[str, "SPLIT"] | None = None
    opening: Opening = field(default_factory=Opening)
    model: Literal["clip", "vilt", "albef", "tcl"] | None = None
    vocabulary: File | None = None
    preset: Literal["small", "base"] = "small"
    at_once: int = 64
    workers: int = 1
    device: str = "auto"
    json: File | None = None
    training: Annotated[dict[str, Any], Given(TuneSettings, "the training", _TOLD)] = field(default_factory=dict)


def run(given: Settings, task: Any, options: Any) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto import sources
    from impasto_lab.cli.train.telling import RecordLines
    from impasto_lab.tasks.downstream import Judging, open_checkpoint, tune
    from impasto_lab.training import pick_device
    from impasto_lab.training.distributed import processes, world

    tell = output.Terminal(output.console(given.json))
    opened = open_checkpoint(given.from_, model=given.model, vocabulary=given.vocabulary)
    settings = TuneSettings.of(task, opened.kind, given.preset, **given.training)
    data = given.opening.open_split(given.data)
    held_out = None
    if given.held_out is not None:
        held_out = sources.open(given.held_out, images=given.opening.images, split=given.held_out_split)
        require_split(held_out, given.held_out_split, "--held-out-split")
    with processes() as own:
        first = world()[0] == 0
        if first:
            tell.say(f"{data!r}")
        judging = Judging(
            options=options, batch_size=given.at_once, workers=given.workers, device=own or pick_device(given.device)
        )
        steps = settings.steps or settings.epochs * (len(data) // settings.batch_size // world()[1])
        done = tune(
            task,
            opened,
            data,
            settings,
            folder=Path(given.out),
            held_out=held_out,
            judging=judging,
            writers=[RecordLines(tell, steps)] if first else [],
        )
        if first:
            begun = f" (went on from step {done.resumed})" if done.resumed else ""
            tell.say(f"{opened.kind} tuned to {task}{begun}, {done.fit.seconds:.0f} s")
            tell.say(f"see {Path(given.out) / 'model'} and {Path(given.out) / 'metrics.jsonl'}")
            output.write_json({"records": done.fit.records, "scores": done.fit.scores}, given.json)
    return 0
