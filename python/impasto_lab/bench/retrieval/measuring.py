"""Times retrieval, by the CPU time of this process on one core, in turns."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto_lab.bench import machine
from impasto_lab.bench.answers import AnswersDifferError
from impasto_lab.bench.retrieval.plainly import ask_plainly
from impasto_lab.bench.retrieval.prefiltering import Filtered, check, compare
from impasto_lab.bench.retrieval.settings import RetrievalTiming
from impasto_lab.bench.timing import Track, untracked
from impasto_lab.metrics import retrieval
from impasto_lab.models import Albef, Clip, ClipSettings, FusionSettings, Vilt, ViltSettings
from impasto_lab.tasks import HeldOut
from impasto_lab.tasks.downstream.searching import ask_pairs
from impasto_lab.tasks.evaluating import evaluating

#: Tokens of a caption: of COCO's nearly all have fewer.
_LENGTH = 20
#: Ids that captions are drawn of; the first is padding.
_WORDS = 1000
#: How far two answers about a pair may be apart: logits of about 1, in float32.
_APART = 1e-3


@dataclass(frozen=True)
class RetrievalBench:
    """What was measured.

    Attributes:
        rounds: CPU seconds on one core of each round, by what took them: ``images`` and ``captions`` of a CLIP,
            ``product`` of all embeddings, ``ranks`` of all, ``search`` by pairs from encodings that are kept, ``loop``
            over the same pairs, ``vilt`` about all pairs.
        rates: A second of CPU time, by the median of the rounds: ``images`` and ``captions`` encoded by a CLIP,
            ``pairs`` that a ViLT judges.
        score_bytes: Of the table of all scores.
        apart: How far the two ways' answers about a pair are apart at most.
        hours: Of a ViLT on one core, at the measured rate: about all pairs (``all``), and where a prefilter chooses the
            first k each way (``prefiltered``).
        parameters: Of the models.
        prefiltered: What prefilters save a trained ViLT and cost it in recall; nothing where none was given.
        machine: See `machine.describe`.
        versions: Of the packages.
        settings: The arguments of `run`.
        command: The process's command line.
    """

    rounds: dict[str, list[float]]
    rates: dict[str, float]
    score_bytes: int
    apart: float
    hours: dict[str, float]
    parameters: dict[str, int]
    machine: dict[str, Any]
    versions: dict[str, str | None]
    settings: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    prefiltered: list[Filtered] = field(default_factory=list)

    @property
    def seconds(self) -> dict[str, float]:
        """The medians of the rounds."""
        return {name: statistics.median(each) for name, each in self.rounds.items()}

    @property
    def ratio(self) -> float:
        """How many times as long the loop takes as the search from kept encodings."""
        return self.seconds["loop"] / self.seconds["search"]

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {"seconds": self.seconds, "ratio": self.ratio, **asdict(self), "seed": self.settings["seed"]}


def run(settings: RetrievalTiming | None = None, *, track: Track = untracked) -> RetrievalBench:
    """Compares the answers of the search and of the loop, then times all in turns.

    Args:
        settings: What is timed.
        track: Shows progress.

    Raises:
        AnswersDifferError: If the search and the loop disagree about a pair.
    """
    chosen = settings or RetrievalTiming()
    threads, about = torch.get_num_threads(), machine.describe()
    torch.set_num_threads(1)
    try:
        with machine.one_cpu(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(chosen.seed)
            return _run(chosen, track, about)
    finally:
        torch.set_num_threads(threads)


def _run(settings: RetrievalTiming, track: Track, about: dict[str, Any]) -> RetrievalBench:
    check(settings)
    size = settings.batch_size
    sizes: dict[str, int] = {"vocabulary": _WORDS}
    if settings.image_size is not None:
        sizes["image_size"] = settings.image_size
    clip = Clip(ClipSettings.preset(settings.preset, **sizes)).eval()
    fusion = Albef(FusionSettings.preset(settings.preset, **sizes)).eval()
    vilt = Vilt(ViltSettings.preset(settings.preset, **sizes)).eval()
    encoded, searched, asked = (
        _drawn(count, settings.captions, model.settings.image_size)
        for count, model in ((settings.encoded, clip), (settings.searched, fusion), (settings.asked, vilt))
    )
    images = functional.normalize(torch.randn(settings.images, settings.dim), dim=1)
    texts = functional.normalize(torch.randn(settings.images * settings.captions, settings.dim), dim=1)
    owners = torch.arange(settings.images).repeat_interleave(settings.captions)
    scores = images @ texts.T
    first = searched.scores(fusion, batch_size=size)

    def search() -> tuple[Tensor, Tensor]:
        return ask_pairs(searched, fusion, scores=first, k=settings.k, batch_size=size)

    def loop() -> tuple[Tensor, Tensor]:
        with evaluating(fusion):
            return ask_plainly(searched, fusion, first, k=settings.k, batch_size=size)

    apart = require_same(search(), loop())
    timed: dict[str, Callable[[], object]] = {
        "images": lambda: _encode(clip, encoded, size, texts=False),
        "captions": lambda: _encode(clip, encoded, size, texts=True),
        "product": lambda: images @ texts.T,
        "ranks": lambda: retrieval(scores.numpy(), owners.numpy()),
        "search": search,
        "loop": loop,
        "vilt": lambda: ask_pairs(asked, vilt, batch_size=size),
    }
    rounds: dict[str, list[float]] = {name: [] for name in timed}
    names = list(timed)
    for turn in track(range(len(names) * (settings.rounds + 1)), "timing"):
        name = names[turn % len(names)]
        began = time.process_time()
        timed[name]()
        if turn >= len(names):  # the first warms caches
            rounds[name].append(time.process_time() - began)
    pairs = len(asked.images) * len(asked.captions)
    counts = {"images": len(encoded.images), "captions": len(encoded.captions), "pairs": pairs}
    took = {"images": "images", "captions": "captions", "pairs": "vilt"}
    rates = {what: count / statistics.median(rounds[took[what]]) for what, count in counts.items()}
    return RetrievalBench(
        rounds=rounds,
        rates=rates,
        score_bytes=scores.numel() * scores.element_size(),
        apart=apart,
        hours=hours(settings, rates["pairs"]),
        parameters={"clip": _parameters(clip), "albef": _parameters(fusion.towers), "vilt": _parameters(vilt)},
        machine=about,
        versions=machine.versions("impasto", "torch", "numpy"),
        settings=asdict(settings),
        command=" ".join(["impasto", *sys.argv[1:]]),
        prefiltered=compare(settings, track),
    )


def hours(settings: RetrievalTiming, rate: float) -> dict[str, float]:
    """What a ViLT takes for the whole search.

    Args:
        settings: How many images and captions there are, and k.
        rate: Pairs a second.
    """
    captions = settings.images * settings.captions
    pairs = {"all": settings.images * captions, "prefiltered": settings.k * (settings.images + captions)}
    return {name: count / rate / 3600 for name, count in pairs.items()}


def require_same(ours: tuple[Tensor, Tensor], plain: tuple[Tensor, Tensor]) -> float:
    """How far two pairs of tables are apart at most.

    Raises:
        AnswersDifferError: If other pairs were asked about, or an answer differs.
    """
    worst = 0.0
    for one, other in zip(ours, plain, strict=True):
        asked = one.isfinite()
        if not torch.equal(asked, other.isfinite()):
            raise AnswersDifferError("the search and the loop asked about different pairs")
        worst = max(worst, float((one[asked] - other[asked]).abs().max()))
    if worst > _APART:
        raise AnswersDifferError(f"the search and the loop answer differently about a pair, by {worst:.2g}")
    return worst


def _drawn(images: int, captions: int, side: int) -> HeldOut:
    """Images of noise with captions of 8 to 20 ids."""
    count = images * captions
    lengths = torch.randint(8, _LENGTH + 1, (count,))
    mask = (torch.arange(_LENGTH) < lengths[:, None]).long()
    return HeldOut(
        images=torch.randn(images, 3, side, side),
        captions=("",) * count,
        input_ids=torch.randint(1, _WORDS, (count, _LENGTH)) * mask,
        attention_mask=mask,
        image_of=torch.arange(images).repeat_interleave(captions),
        keys=tuple(map(str, range(images))),
    )


def _encode(model: Clip, held: HeldOut, batch_size: int, *, texts: bool) -> None:
    with evaluating(model):
        if texts:
            parts = (torch.split(part, batch_size) for part in (held.input_ids, held.attention_mask))
            for ids, mask in zip(*parts, strict=True):
                model.encode_texts(ids, mask)
        else:
            for images in torch.split(held.images, batch_size):
                model.encode_images(images)


def _parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
