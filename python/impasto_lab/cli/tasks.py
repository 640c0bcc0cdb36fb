"""Verbs for each downstream task, made from the registry: ``train TASK`` and ``evaluate TASK``."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from impasto.cli import Verb, flags
from impasto_lab.tasks.downstream.registry import TASKS


@dataclass(frozen=True)
class TaskVerb(Verb):
    """A task as a verb: the flags that all have, and those of its own.

    Attributes:
        task: Its name in the registry.
    """

    task: str

    def fill(self, parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
        """Gives the task's parser its flags and its help."""
        del words
        with self._extra_named():
            module = importlib.import_module(self.module)
        parser.description = module.DESCRIPTION.format(title=TASKS[self.task][1])
        parser.epilog = module.EPILOG.format(task=self.task, data=_DATA[self.task])
        flags.add(parser, module.Settings)
        if fields(self._options()):
            flags.add(parser.add_argument_group("the evaluation"), self._options())
        parser.set_defaults(verb=self)

    def run(self, found: Mapping[str, Any]) -> int:
        """Runs the task, and returns the exit status."""
        with self._extra_named():
            module = importlib.import_module(self.module)
            options: Any = flags.make(self._options(), found)
            status: int = module.run(flags.make(module.Settings, found), self.task, options)
            return status

    def _options(self) -> type:
        found: type = getattr(importlib.import_module("impasto_lab.tasks.downstream.options"), _OPTIONS[self.task])
        return found


#: An example of each task's data.
_DATA = {
    "retrieval": "dataset_flickr30k.json --images flickr30k-images --split test",
    "snli-ve": "snli_ve_test.jsonl --images flickr30k-images",
    "nlvr2": "nlvr2/data/test1.json --images nlvr2/images",
    "captioning": "dataset_coco.json --images coco --split test",
    "zero-shot": "imagenet/val --templates templates.txt",
    "grounding": "refcoco+ --images train2014 --split val+testA+testB",
    "vqa": "v2_OpenEnded_mscoco_val2014_questions.json --images val2014",
}
#: The settings of each task's evaluation.
_OPTIONS = {
    "retrieval": "RetrievalOptions",
    "vqa": "VqaOptions",
    "snli-ve": "NoOptions",
    "nlvr2": "NoOptions",
    "grounding": "GroundingOptions",
    "captioning": "CaptioningOptions",
    "zero-shot": "ZeroShotOptions",
}

TRAIN: dict[str, Verb] = {
    name: TaskVerb(title, "impasto_lab.cli.train.tuning", "lab", name)
    for name, (_, title, trains) in TASKS.items()
    if trains
}
EVALUATE: dict[str, Verb] = {
    name: TaskVerb(title, "impasto_lab.cli.evaluating", "lab", name) for name, (_, title, _) in TASKS.items()
}
