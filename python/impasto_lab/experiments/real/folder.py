"""Where the papers' data lie below a folder, and what opens them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from impasto import sources
from impasto.errors import SourceError
from impasto.sources import Nlvr2, Source
from impasto.streams import stream
from impasto_lab.experiments.real.settings import Course, Real
from impasto_lab.tasks.pretrain import mixed, place_of, usual_set
from impasto_lab.tasks.pretrain.sets import SETS

#: Where each data set comes from; of VQA's and of RefCOCO+'s images, too.
ORIGINS: dict[str, str] = {
    "coco": "Karpathy's dataset_coco.json as coco.json (cs.stanford.edu/people/karpathy/deepimagesent), COCO's "
    "train2014/ and val2014/ beside it (cocodataset.org)",
    "flickr30k": "Karpathy's dataset_flickr30k.json as flickr30k.json, its images in a folder beside it "
    "(shannon.cs.illinois.edu/DenotationGraph)",
    "vg": "region_descriptions.json as vg.json, VG_100K/ and VG_100K_2/ beside it (visualgenome.org)",
    "sbu": "sbu-captions-all.json as sbu.json with a folder of its images, or shards of img2dataset in sbu/ "
    "(cs.rice.edu/~vo9/sbucaptions)",
    "cc3m": "Train_GCC-training.tsv as cc3m.tsv with a folder of its images, or shards of img2dataset in cc3m/ "
    "(ai.google.com/research/ConceptualCaptions)",
    "vqa": "VQA 2.0's questions and annotations in annotations/, under their own names (visualqa.org)",
    "nlvr2": "train.json, dev.json and test1.json in nlvr2/, with the images (lil.nlp.cornell.edu/nlvr)",
    "snli-ve": "snli_ve_train.jsonl, snli_ve_dev.jsonl and snli_ve_test.jsonl in annotations/, Flickr30K's images "
    "beside it (github.com/necla-ml/SNLI-VE)",
    "refcoco+": "refs(unc).p and instances.json (github.com/lichengunc/refer) and MAttNet's dets.json in refcoco+/, "
    "COCO's train2014/ beside it",
}
_SNLI_VE = {"val": ("dev", "val")}


def pretraining_data(settings: Real, arm: str, seed: int) -> Source:
    """What an arm is pretrained on: its sets together, or a share of each one's images, drawn by the seed.

    Raises:
        SourceError: If a set is not there, there twice, or lacks too many images.
    """
    own = settings.arms[arm]
    found = [usual_set(_root(settings), name, missing=settings.missing) for name in SETS[own.sets]]
    found = [first(one, settings.most) for one in found]
    if own.share < 1:
        found = [_share(one, own.share, seed, name) for one, name in zip(found, SETS[own.sets], strict=True)]
    return mixed(found)


def _share(source: Source, share: float, seed: int, name: str) -> Source:
    rows = stream(seed, "scarce images", name).permutation(len(source))
    return source[np.sort(rows[: max(round(share * len(source)), 1)])]


def task_data(settings: Real, course: Course, split: str) -> Source:
    """What a task is trained or judged on.

    Args:
        settings: Its folder, and how many rows are taken.
        course: Whose data.
        split: Which of them, as `COURSES` has it.

    Raises:
        SourceError: If a file is not there, or is another's.
    """
    data = _OPENED[course](_root(settings), split)
    # A statement of NLVR2 is two images, which its source alone knows.
    return data if isinstance(data, Nlvr2) else first(data, settings.most)


def first(source: Source, most: int | None) -> Source:
    """The first rows of a source; all of it without a number."""
    return source if most is None or len(source) <= most else source[np.arange(most)]


def proposals_of(settings: Real) -> Path:
    """The file of the boxes that a detector proposes for RefCOCO+'s images."""
    return _root(settings) / "refcoco+" / "dets.json"


def image_file(settings: Real, name: str) -> Path:
    """An image of a name, in whichever folder it lies.

    Raises:
        SourceError: If no folder has it.
    """
    for folder in sorted(_root(settings).iterdir()):
        if (folder / name).is_file():
            return folder / name
    raise SourceError(f"no folder here has the image {name!r}; put it back", path=str(settings.data))


def _root(settings: Real) -> Path:
    if settings.data is None:
        raise SourceError("real data have a folder; name it with data= (--data)")
    return Path(settings.data)


def _karpathy(name: str) -> Callable[[Path, str], Source]:
    return lambda root, split: sources.open(place_of(root, name), split=split)


def _questions(root: Path, split: str) -> Source:
    # Its files name COCO's images with their folders and without: both would do.
    return sources.open(_one(root / "annotations", [f"v2_OpenEnded_mscoco_{split}20*_questions.json"]), images=root)


def _hypotheses(root: Path, split: str) -> Source:
    return sources.open(_one(root / "annotations", [f"snli_ve_{name}.jsonl" for name in _SNLI_VE.get(split, (split,))]))


def _statements(root: Path, split: str) -> Source:
    return sources.open(_one(root / "nlvr2", [f"{split}.json"]))


def _expressions(root: Path, split: str) -> Source:
    # COCO's images lie beside the folder, where nobody looks for them.
    images = root / "train2014"
    folder = _one(root, ["refcoco+"])
    return sources.open(folder, split=split, images=images if images.is_dir() else None)


def _one(folder: Path, patterns: list[str]) -> Path:
    """The one file of some names."""
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    if not found:
        raise SourceError(f"there is no {' or '.join(patterns)}", path=str(folder))
    return found[-1]


_OPENED: dict[Course, Callable[[Path, str], Source]] = {
    "coco": _karpathy("coco"),
    "flickr30k": _karpathy("flickr30k"),
    "vqa": _questions,
    "nlvr2": _statements,
    "snli-ve": _hypotheses,
    "refcoco+": _expressions,
}
