"""A case's page: numbers, mixtures with what is said of them, and advice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from impasto.jobs import data_uri
from impasto.loading import Loader
from impasto.recipe import ImageRecipe, MixGen, Recipe, TextRecipe
from impasto.sources import Sequence
from impasto.streams import stream
from impasto_lab.bench.machine import describe
from impasto_lab.experiments.cases.advice import ADVICE
from impasto_lab.experiments.cases.digits_data import training_set
from impasto_lab.experiments.cases.mixing_reports import ARMS as REPORTS
from impasto_lab.experiments.cases.posting import ARMS as POSTS
from impasto_lab.experiments.cases.reports import SUBJECTS, tiles
from impasto_lab.experiments.cases.settings import Digits, Medical, Social
from impasto_lab.experiments.cases.tidying import tidy
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.verdicts import Verdict
from impasto_lab.report.page import write_page
from impasto_lab.report.pictures import unnormalize
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.posts import draw_post
from impasto_lab.worlds.scenes import render

#: Mixtures of each arm that are shown, of batches of so many rows.
_SHOWN, _ROWS = 3, 16


def write_pages(results: Results, folder: Path) -> None:
    """Writes ``report.html``.

    Args:
        results: Of a case.
        folder: The experiment's.
    """
    experiment, evidence = results.experiment, results.as_dict()
    arms = [arm for arm in experiment.every_arm if any(piece.arm == arm for piece in results.measured)]
    write_page(
        folder / "report.html",
        "case.html",
        title=experiment.title,
        about=experiment.about,
        advice=ADVICE[experiment.name](results.measured),
        examples=list(_examples(results)),
        arms=arms,
        rows=list(_means(results, arms)),
        claims=[(one.claim, one.word, f"{one.difference:+.1f}", _interval(one), one.seeds) for one in results.verdicts],
        size=results.size,
        machine=", ".join(f"{name} {value}" for name, value in describe().items() if isinstance(value, str | int)),
        command=evidence["command"],
        versions=", ".join(f"{name} {value}" for name, value in evidence["versions"].items()),
    )


def _means(results: Results, arms: list[str]) -> Iterator[list[str]]:
    """A row for each metric: its mean over seeds, by arm."""
    for metric in dict.fromkeys(name for found in results.measured.values() for name in found):
        of = [
            [one[metric] for piece, one in results.measured.items() if piece.arm == arm and metric in one]
            for arm in arms
        ]
        yield [metric, *(f"{np.mean(values):.1f}" if values else "" for values in of)]


def _interval(verdict: Verdict) -> str:
    return "unknown" if verdict.seeds < 2 else "{:+.1f} to {:+.1f}".format(*verdict.interval)


def _examples(results: Results) -> Iterator[tuple[str, str]]:
    settings, done = results.settings, {piece.arm for piece in results.measured}
    if isinstance(settings, Digits):
        count = min(settings.images)
        if any(arm.startswith("mixgen") for arm in done):
            yield from _mixtures("mixgen", training_set(settings, count, 0), MixGen(ratio=0.5), side=settings.side)
    elif isinstance(settings, Medical):
        for arm, (mix, alone) in REPORTS.items():
            if arm in done:
                known = tiles(2 * _ROWS, seed=0, subjects=SUBJECTS[:1] if alone else SUBJECTS)
                data = Sequence([(encode_jpeg(tile.pixels), tile.report) for tile in known])
                yield from _mixtures(arm, data, mix, side=settings.side)
    elif isinstance(settings, Social):
        for arm, tidied in dict(_tidied(done)).items():
            yield from _mixtures(arm, _posts(settings, tidied), MixGen(ratio=0.5), side=160)


def _tidied(done: set[str]) -> Iterator[tuple[str, bool]]:
    """Arms that differ in what is said, not in how it is fitted."""
    for arm, (mix, tidied) in POSTS.items():
        if arm in done and mix == MixGen(ratio=0.5):
            yield arm, tidied


def _posts(settings: Social, tidied: bool) -> Sequence:
    posts = [draw_post(settings.seed, number) for number in range(2 * _ROWS)]
    pictures = [
        encode_jpeg(render(post.scene, 160, stream(settings.seed, "post's picture", number)))
        for number, post in enumerate(posts)
    ]
    texts = [tidy(post.text) if tidied else post.text for post in posts]
    return Sequence(list(zip(pictures, texts, strict=True)))


def _mixtures(arm: str, data: Sequence, mix: MixGen, *, side: int) -> Iterator[tuple[str, str]]:
    """Mixed rows of an arm's first batch, those first that lose most tokens."""
    recipe = Recipe(image=ImageRecipe(size=side, crop="none", normalize=None), text=TextRecipe(), mix=mix)
    batch = next(iter(Loader(data, recipe, batch_size=_ROWS, seed=0, workers=0)))
    assert batch.captions is not None
    assert batch.lost is not None
    pixels = unnormalize(batch.images, None)
    mixed = np.flatnonzero(batch.plan.mixed)
    for row in mixed[np.argsort(-batch.lost.numpy()[mixed], kind="stable")][:_SHOWN].tolist():
        lost = f" ({int(batch.lost[row])} tokens lost)" if batch.lost[row] else ""
        yield data_uri(pixels[row]), f"{arm}: {batch.captions[row]}{lost}"
