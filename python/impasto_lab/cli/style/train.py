"""``impasto style train``: a style model of one's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from impasto.cli import File, Folder, Given, output
from impasto_lab.tasks.style_settings import StyleTraining

EPILOG = """\
presets:
  compact   our small networks with a loss whose layers are balanced; hours on two CPU cores, minutes on a GPU
  magenta   after Magenta's recipe: full networks, VGG-16's features, 256 pixels, 3 million steps at 1e-5; its weights
            belong to features of another scale

examples:
  impasto style train --content coco/train2017 --style painter-by-numbers/train --out run/
  impasto style train --content A --style B --out run/ --resume
  torchrun --nproc_per_node 8 -m impasto_lab style train --preset magenta --content A --style B --out run/ \\
      --amp bfloat16"""

_TOLD = (
    *("features", "side", "batch_size", "steps", "lr", "amp", "backend", "seed"),
    *("spectrum_weight", "grid_weight", "fall_weight", "log_every", "picture_every", "save_every"),
)


@dataclass(frozen=True, kw_only=True)
class StyleTrain:
    """Trains a style model: a network that repaints images as an embedding says, and one that predicts a style image's.

    Contents and styles are data sets of any format that `impasto info` knows; two folders of images will do. The run's
    folder gets run.json (what it was begun with), metrics.jsonl, checkpoints, pictures and curves on the way, and
    model.safetensors at the end, which `impasto stylize --model` and `impasto.StyleRandomizer.load` take. The networks
    are those of Ghiasi et al. 2017.

    Args:
        content: Images to be painted.
        style: Images to paint like.
        out: The run's folder.
        preset: Where the training's settings come from; the defaults below are those of compact.
        init: Begin with the networks of this model.
        resume: Go on from the newest checkpoint in the run's folder.
        workers: Threads of each loader.
        device: Auto, cpu or cuda; torchrun's processes have their own.
        json: Write the records as JSON too ('-': to standard output, alone).
    """

    content: Annotated[str, "DATA"]
    style: Annotated[str, "DATA"]
    out: Folder
    preset: Literal["compact", "magenta"] = "compact"
    init: File | None = None
    resume: bool = False
    workers: int = 1
    device: str = "auto"
    json: File | None = None
    training: Annotated[dict[str, Any], Given(StyleTraining, "the training", _TOLD)] = field(default_factory=dict)


def run(train: StyleTrain) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto import sources
    from impasto.style import open_model
    from impasto_lab.report.styles import TrainingPictures
    from impasto_lab.tasks.train_style import train_style
    from impasto_lab.training import pick_device
    from impasto_lab.training.distributed import processes, world

    console = output.console(train.json)
    out = Path(train.out)
    settings = getattr(StyleTraining, train.preset)(**train.training)

    with processes() as own:
        tell = output.Terminal(console)
        with tell.bar(f"training at {settings.side} pixels") as advance:
            trained = train_style(
                sources.open(train.content),
                sources.open(train.style),
                settings,
                folder=out,
                init=open_model(train.init) if train.init else None,
                resume=train.resume,
                device=own or pick_device(train.device),
                workers=train.workers,
                progress=advance,
                on_picture=TrainingPictures(out),
            )
        if world()[0] == 0:
            last = trained.fit.records[-1]
            parts = ", ".join(f"{name} {last[name]:.3f}" for name in ("content", "style"))
            tell.say(f"{settings.steps} steps in {trained.fit.seconds:.0f} s: {parts}")
            tell.say(f"see {out / 'model.safetensors'}, {out / 'pictures'} and {out / 'curves.png'}")
            output.write_json({"records": trained.fit.records, "model": str(out / "model.safetensors")}, train.json)
    return 0
