"""``impasto train pretrain``: CLIP, ViLT, ALBEF or TCL, with MixGen or without."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from impasto.cli import File, Folder, Given, Opening, output, require_split
from impasto_lab.tasks.pretrain.settings import Kind, Mixing, PretrainSettings, Size

EPILOG = """\
presets:
  tiny    32 pixels, for tests
  small   48 pixels, for a CPU; the defaults above are its own
  base    the paper's sizes and hyperparameters, for GPUs

examples:
  impasto world scenes scenes/ --size small
  impasto train pretrain --data scenes/annotations/captions_train.json --out run/
  impasto train pretrain --model albef --mixgen none --data scenes/annotations/captions_train.json --out plain/ \\
      --held-out scenes/annotations/captions_test.json --steps 2000
  torchrun --nproc_per_node 8 -m impasto_lab train pretrain --model albef --preset base --vocabulary vocab.txt \\
      --bert bert-base-uncased --vit deit_base_patch16_224.pth --data sets/ --sets 4m --out run/ --amp bfloat16

Called again with the same words it goes on from the newest checkpoint."""

_TOLD = tuple(
    one.name for one in fields(PretrainSettings) if one.name not in ("model", "preset", "mixgen", "betas", "eps")
)


@dataclass(frozen=True, kw_only=True)
class TrainPretrain:
    """Pretrains a vision-language model on image-caption pairs, with MixGen as a switch.

    Data sets are of any format that `impasto info` knows, one or several. The run's folder gets run.json,
    metrics.jsonl, checkpoints and, at the end, the model. A SIGTERM ends the run after the step, with a checkpoint;
    the same call goes on from the newest one, to the same losses as if it had never stopped.

    Args:
        data: Pairs to train on.
        sets: The one DATA is a folder of the usual sets by name (coco, vg, sbu, cc3m, cc12m); take those of a paper.
        weights: Shares of several data sets; by default each pair counts alike.
        missing: The largest share of a data set's images that may be missing; its other pairs are trained on.
        out: The run's folder.
        model: What is trained.
        preset: Its size, and where the training's settings come from.
        mixgen: How pairs are mixed: not at all, as published, or as in the paper's ablations.
        held_out: Pairs to be found in each other, at evaluations.
        held_out_split: The split of the held-out file that holds several.
        vocabulary: BERT's vocab.txt, or CLIP's bpe_simple_vocab_16e6.txt.gz; by default the data's own words, or the
            file that open_clip brings.
        bert: The BERT that ALBEF and TCL begin from.
        vit: The DeiT that they begin from; the ViT that a ViLT begins from.
        text_tower: A BERT that reads captions in a CLIP, an ALBEF or a TCL, at its own width and depth: a folder of
            Hugging Face's with config.json and vocab.txt, such as all-MiniLM-L6-v2's.
        workers: Threads of the loader.
        budget: The largest share of broken samples (damaged images, empty captions) that others take the place of,
            noted in OUT/bad_samples.jsonl; 0 stops at the first.
        device: Auto, cpu or cuda; torchrun's processes have their own.
        tensorboard: Write the records for TensorBoard too, below OUT/tensorboard.
        wandb: Log the records to this project of Weights & Biases too (WANDB_MODE=offline keeps them below OUT/wandb).
        json: Write the records as JSON too ('-': to standard output, alone).
    """

    data: Annotated[tuple[str, ...], "DATA"]
    out: Folder
    sets: Literal["1m", "4m", "14m"] | None = None
    weights: Annotated[tuple[float, ...], "X"] = ()
    missing: float = 0.5
    model: Kind = "clip"
    preset: Size = "small"
    mixgen: Mixing = "default"
    held_out: Annotated[str, "DATA"] | None = None
    held_out_split: Annotated[str, "SPLIT"] | None = None
    opening: Opening = field(default_factory=Opening)
    vocabulary: File | None = None
    bert: File | None = None
    vit: File | None = None
    text_tower: Folder | None = None
    workers: int = 1
    budget: float = 0.0
    device: str = "auto"
    tensorboard: bool = False
    wandb: Annotated[str, "PROJECT"] | None = None
    json: File | None = None
    training: Annotated[dict[str, Any], Given(PretrainSettings, "the training", _TOLD)] = field(default_factory=dict)


def run(train: TrainPretrain) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto.checks import require
    from impasto.sources import IndexedSource, present
    from impasto_lab.cli.train.telling import RecordLines
    from impasto_lab.cli.train.trackers import TensorBoard, WeightsAndBiases
    from impasto_lab.tasks.pretrain import mixed, pretrain, usual_sets
    from impasto_lab.training import Writer, pick_device
    from impasto_lab.training.distributed import processes, world

    tell = output.Terminal(output.console(train.json))
    settings = PretrainSettings.of(train.model, train.preset, mixgen=train.mixgen, **train.training)
    paired = (train.bert is None) == (train.vit is None) or (train.model == "vilt" and train.bert is None)
    require(paired, "--bert and --vit go together; name both, or none")
    begin = None if train.vit is None else (train.bert, train.vit)
    require(train.sets is None or len(train.data) == 1, "--sets takes one DATA, the folder of the sets")
    for flag, given in (("--split", train.opening.split), ("--keep", train.opening.keep)):
        require(
            train.sets is None or given is None, f"{flag} is of one data set, and --sets names several; leave it out"
        )
    sources = (
        [present(one, missing=train.missing) for one in train.opening.open_splits(train.data)]
        if train.sets is None
        else usual_sets(train.data[0], train.sets, missing=train.missing)
    )
    held_out = None
    if train.held_out is not None:
        held_out = replace(train.opening, split=train.held_out_split, keep=None).open(train.held_out)
        require_split(held_out, train.held_out_split, "--held-out-split")
    if held_out is not None and not isinstance(held_out, IndexedSource):
        require(False, f"--held-out: {held_out!r} is read in Python; give it as annotations, a folder or tar shards")
    out = Path(train.out)
    with processes() as own, ExitStack() as open_ones:
        first = world()[0] == 0
        writers: list[Writer] = [RecordLines(tell, settings.steps)] if first else []
        if first and train.tensorboard:
            writers.append(open_ones.enter_context(TensorBoard(out / "tensorboard")))
        if first and train.wandb is not None:
            writers.append(open_ones.enter_context(WeightsAndBiases(train.wandb, out, asdict(settings))))
        for source in sources if first else ():
            tell.say(f"{source!r}")
        done = pretrain(
            mixed(sources, train.weights),
            settings,
            folder=out,
            held_out=held_out,  # type: ignore[arg-type]
            vocabulary=train.vocabulary,
            begin=begin,
            text_tower=train.text_tower,
            device=own or pick_device(train.device),
            workers=train.workers,
            budget=train.budget,
            writers=writers,
        )
        if first:
            begun = f" (went on from step {done.resumed})" if done.resumed else ""
            tell.say(f"{settings.steps} steps of {settings.model}{begun}, {done.fit.seconds:.0f} s")
            if done.resumed == settings.steps and done.fit.scores:
                writers[0].write({"step": done.resumed, **done.fit.scores})  # of a run that was finished before
            tell.say(f"see {out / 'model'} and {out / 'metrics.jsonl'}")
            output.write_json({"records": done.fit.records, "scores": done.fit.scores}, train.json)
    return 0
