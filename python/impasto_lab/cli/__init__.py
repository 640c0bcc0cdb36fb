"""The whole command line: the library's verbs and the lab's, one a file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from impasto import cli
from impasto.cli import Group, Verb
from impasto_lab.cli.experiments import EXPERIMENTS
from impasto_lab.cli.tasks import EVALUATE, TRAIN

_LAB = "impasto_lab.cli"

#: All verbs.
VERBS: dict[str, Verb | Group] = {
    "demo": Verb("load, mix, time, train and report on real photographs", f"{_LAB}.demo", "lab"),
    **cli.VERBS,
    "show": Group(
        "look at what is made of a data set",
        "Writes pages that show what augmentations make of a data set.",
        "impasto show mixgen captions_val2017.json --images val2017/",
        {"mixgen": Verb("pairs, and what MixGen's variants make of them", f"{_LAB}.show.mixgen", "lab")},
    ),
    "style": Group(
        "train a style model, take the statistics of styles",
        "Makes style models, and what their random styles are drawn from.",
        "impasto style stats --style paintings/ --out mine.safetensors",
        {
            "train": Verb("train networks on contents and styles", f"{_LAB}.style.train", "lab"),
            "stats": Verb("mean and covariance of the embeddings of styles", f"{_LAB}.style.stats", "lab"),
        },
    ),
    "train": Group(
        "train the models of the papers",
        "Trains the models of the papers, with MixGen or without.",
        "impasto train pretrain --model clip --data scenes/annotations/captions_train.json --out run/",
        {
            "pretrain": Verb("CLIP, ViLT, ALBEF or TCL on pairs, MixGen a switch", f"{_LAB}.train.pretrain", "lab"),
            **TRAIN,
        },
    ),
    "evaluate": Group(
        "judge a model on a task",
        "Judges the models of the papers on the tasks that they are used for.",
        "impasto evaluate retrieval run/ --data scenes/dataset_scenes.json --split test",
        dict(EVALUATE),
    ),
    "bench": Group(
        "how fast it is here, beside its peers",
        "Times impasto on this machine, beside its peers, on the same bytes, answers compared first.",
        "impasto bench loader --quick",
        {
            "loader": Verb("files on disk to mixed, tokenised batches", f"{_LAB}.bench.loader", "lab,peers"),
            "decode": Verb("images' bytes to pixels, by every decoder here", f"{_LAB}.bench.decode", "lab,peers"),
            "resize": Verb("pixels resized, by everybody who resizes here", f"{_LAB}.bench.resize", "lab,peers"),
            "tokenize": Verb("captions to ids, by every tokenizer here", f"{_LAB}.bench.tokenize", "lab,peers"),
            "mix": Verb("MixGen's images, beside the published function", f"{_LAB}.bench.mix", "lab,peers"),
            "packing": Verb("the loader on shards packed in every way", f"{_LAB}.bench.packing", "lab,peers"),
            "style": Verb("style randomization, step by step from the published", f"{_LAB}.bench.style", "lab,peers"),
            "clean": Verb("what cleaning finds of what was put there", f"{_LAB}.bench.clean", "lab"),
            "retrieval": Verb("searching 5,000 images: towers, pairs, all pairs", f"{_LAB}.bench.retrieval", "lab"),
            "scale": Verb("against the number of samples, workers and ranks", f"{_LAB}.bench.scale", "lab"),
            "train-step": Verb("a training step and what feeds it", f"{_LAB}.bench.train_step", "lab,peers"),
        },
    ),
    "reproduce": Group(
        "run an experiment again",
        "Runs an experiment again: data, training, measures.",
        "impasto reproduce default-style --size smoke",
        dict(EXPERIMENTS),
    ),
    "analyze": Group(
        "what trained networks do where their data change",
        "Looks into trained networks, beyond their scores.",
        "impasto analyze shift --experiment stl10",
        {
            "shift": Verb("domain shift and overfitting of an experiment's networks", f"{_LAB}.analyze.shift", "lab"),
            "embeddings": Verb("where models put images and captions", f"{_LAB}.analyze.embeddings", "lab"),
        },
    ),
    "report": Verb("one page for all runs in a folder", f"{_LAB}.report", "lab"),
    "world": Group(
        "render a small data set",
        "Renders small, deterministic data sets in the on-disk formats of the real ones.",
        "impasto world scenes out/ --size tiny --seed 0",
        {
            "scenes": Verb("a few objects on backgrounds, with captions", f"{_LAB}.world.scenes", "lab"),
            "styles": Verb("textures and painterly pictures, to train on", f"{_LAB}.world.styles", "lab"),
            "stl10-like": Verb("ten classes in STL-10's files, with a shortcut", f"{_LAB}.world.stl10_like", "lab"),
            "office31-like": Verb("31 classes in three domains' folders", f"{_LAB}.world.office31_like", "lab"),
            "detect": Verb("many small things an image, with boxes and masks", f"{_LAB}.world.detect", "lab"),
            "segment": Verb("a few large things an image, with boxes and masks", f"{_LAB}.world.segment", "lab"),
            "tasks": Verb("scenes with questions, statements and expressions", f"{_LAB}.world.tasks", "lab"),
            "mug": Verb("one picture, to try `impasto stylize` on", f"{_LAB}.world.mug", "lab"),
        },
    ),
}

_EXAMPLES = """\
  impasto demo                                        load, mix, time, train and report on real photographs
  impasto info captions_val2017.json --images val2017/
  impasto show mixgen captions_val2017.json           pairs, and what MixGen's variants make of them
  impasto style train --content photos/ --style paintings/ --out run/
  impasto stylize mug.png out.png --alpha 0.5         a picture in another style; data sets too
  impasto bench loader --quick                        our loader against two Python loaders, on this machine
  impasto world scenes out/ --size tiny --seed 0      render a small data set"""


def parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The grammar of a command line; the verb that the words name is imported."""
    return cli.parser(VERBS, words, _EXAMPLES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line, as `impasto.cli.main` does, with all verbs."""
    return cli.main(arguments, VERBS, _EXAMPLES)
