"""What a pretrained model is tuned to on real data, and what is asked of it then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from impasto_lab.experiments.real.settings import Course
from impasto_lab.tasks.downstream.settings import Tunable


@dataclass(frozen=True)
class Assignment:
    """A task on a data set.

    Attributes:
        task: The task.
        train: The split that is trained on.
        judged: By what it is called on the page: the data set and the split that are judged.
        epochs: Of the papers' tuning, where it isn't the task's usual number.
    """

    task: Tunable
    train: str
    judged: Mapping[str, tuple[Course, str]]
    epochs: int | None = None


COURSES: dict[Course, Assignment] = {
    # The papers' zero-shot retrieval on Flickr30K is of a model that was tuned on COCO.
    "coco": Assignment(
        "retrieval", "train+restval", {"COCO-Ft": ("coco", "test"), "Flickr30K-Zs": ("flickr30k", "test")}, epochs=5
    ),
    "flickr30k": Assignment("retrieval", "train", {"Flickr30K-Ft": ("flickr30k", "test")}, epochs=10),
    # The tests' answers are the server's alone, which takes what is written for it.
    "vqa": Assignment("vqa", "train", {"VQA val": ("vqa", "val")}),
    "nlvr2": Assignment("nlvr2", "train", {"NLVR2 dev": ("nlvr2", "dev"), "NLVR2 test-P": ("nlvr2", "test1")}),
    "snli-ve": Assignment("snli-ve", "train", {"SNLI-VE val": ("snli-ve", "val"), "SNLI-VE test": ("snli-ve", "test")}),
    "refcoco+": Assignment(
        "grounding",
        "train",
        {f"RefCOCO+ {split}": ("refcoco+", split) for split in ("val", "testA", "testB")},
    ),
}
#: What an untuned model is asked to retrieve.
UNTUNED: dict[str, tuple[Course, str]] = {
    "COCO, untuned": ("coco", "test"),
    "Flickr30K, untuned": ("flickr30k", "test"),
}
#: Candidates that ALBEF and TCL look at closely, as published.
CANDIDATES: dict[Course, int] = {"coco": 256, "flickr30k": 128}
#: VQA's splits for the evaluation server.
SERVED = ("test-dev", "test")


def asked(courses: Mapping[Course, object], *, untuned: bool) -> dict[tuple[Course, str], None]:
    """All data sets with the splits that some courses need, without repetition, in order."""
    found: dict[tuple[Course, str], None] = {}
    for course in courses:
        found |= {(course, COURSES[course].train): None}
        found |= dict.fromkeys(COURSES[course].judged.values())
    return found | (dict.fromkeys(UNTUNED.values()) if untuned else {})
