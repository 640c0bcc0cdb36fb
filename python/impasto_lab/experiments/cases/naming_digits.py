"""A small dual encoder learns digits from captions, and names others."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from impasto.loading import Loader
from impasto.ops import normalize
from impasto_lab.experiments.cases.digits_data import LENGTH, NAMES, WORDINGS, images, recipe, training_set, write_words
from impasto_lab.experiments.cases.settings import Digits
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.scarcity.running import small_clip
from impasto_lab.models import Words
from impasto_lab.tasks import ContrastiveTask
from impasto_lab.tasks.evaluating import evaluating
from impasto_lab.tasks.tokens import encode
from impasto_lab.training import Checkpoints, FitSettings, fit, pick_device


def run_piece(piece: Piece, settings: Digits, place: Place) -> Mapping[str, float]:
    """Trains, and names held-out digits by the caption that is nearest.

    Returns:
        ``"accuracy"`` in per cent, of digits by writers that were not trained on.
    """
    kind, _, number = piece.arm.partition("-")
    vocabulary = place.shared / "vocab.txt"
    write_words(vocabulary)
    words = Words.read(vocabulary)
    device = pick_device(place.device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(piece.seed)
        model = small_clip(words, LENGTH).to(device)
    made = recipe(settings, vocabulary, mixgen=kind == "mixgen")
    data = training_set(settings, int(number), piece.seed)
    batches = Loader(data, made, batch_size=settings.batch_size, workers=0, seed=piece.seed)
    how = FitSettings(
        steps=settings.steps,
        lr=settings.lr,
        warmup=settings.steps // 10,
        seed=piece.seed,
        log_every=max(settings.steps // 10, 1),
        evaluate_every=0,
        save_every=settings.steps,
    )
    resume = Checkpoints(place.folder / "checkpoints").latest() is not None
    with place.narrator.bar(f"{piece.arm}, seed {piece.seed}") as advance:
        fit(ContrastiveTask(model), batches, how, folder=place.folder, resume=resume, progress=advance)
    drawn, digits = images(settings.side)
    held = torch.from_numpy(normalize(drawn[-settings.held :], made.views[0].normalize))
    assert made.text is not None
    asked = encode([WORDINGS[0].format(name) for name in NAMES], made.text)
    with evaluating(model):
        scores = model.encode_images(held.to(device)) @ model.encode_texts(*(one.to(device) for one in asked)).T
    right = scores.argmax(dim=1).cpu() == torch.from_numpy(digits[-settings.held :])  # [held]
    return {"accuracy": 100 * float(right.float().mean())}
