"""What each variant of MixGen makes of the papers' sets: measured, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from impasto.loading import Loader
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.paging import write_page
from impasto_lab.experiments.real.folder import pretraining_data
from impasto_lab.experiments.real.settings import Real
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.scarcity.variants import draw, mixtures
from impasto_lab.tasks.pretrain.run_words import RunWords


def measure_arm(piece: Piece, settings: Real, place: Place) -> Mapping[str, float]:
    """What an epoch of an arm's mixtures consists of, as the model's pretraining would make them.

    Returns:
        What `impasto_lab.experiments.scarcity.variants.mixtures` does.
    """
    data, how = pretraining_data(settings, piece.arm, piece.seed), settings.pretrains(piece.arm, pairs=1, seed=0)
    mixed = RunWords.of(data, how, _words(place.shared), settings.vocabulary, None).recipe(how)
    recipes = (mixed, replace(mixed, mix=None))
    loaders = (
        Loader(data, recipe, batch_size=how.batch_size, workers=settings.threads, seed=piece.seed) for recipe in recipes
    )
    return mixtures(zip(*loaders, strict=True))


def show(results: Results, folder: Path) -> None:
    """Writes ``report.html``, ``variants.png`` and ``variants.html``; without pictures where the data are gone.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    settings: Real = results.settings
    if settings.data is None or not Path(settings.data).is_dir():
        write_page(results, folder, {})
        return
    (arm, *_) = settings.arms
    data, how = pretraining_data(settings, arm, 0), settings.pretrains(arm, pairs=1, seed=0)
    text = RunWords.of(data, how, _words(folder), settings.vocabulary, None).recipe(how).text
    assert text is not None
    draw(results, folder, data, text)


def _words(shared: Path) -> Path:
    """The folder of the words that arms share."""
    return shared / "words"
