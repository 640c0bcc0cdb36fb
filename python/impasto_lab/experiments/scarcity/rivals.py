"""Beyond the report: MixGen against, and with, what competes with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto_lab.experiments.experiment import Claim, Experiment, Piece, Place, Size
from impasto_lab.experiments.scarcity.hooks import render_scarce
from impasto_lab.experiments.scarcity.settings import Arm, Rival, Scarcity, Training, comes_of

#: Token ids of a short row: 1 % of the scenes' captions are longer, 68 % of joined ones.
SHORT = 32
#: What is done, by arm.
WAYS: dict[str, dict[str, object]] = {
    "plain": {},
    "mixgen": {"mixing": "mixgen"},
    "randaugment": {"randaugment": True},
    "mixgen-randaugment": {"mixing": "mixgen", "randaugment": True},
    "words-dropped": {"dropping": 0.1},
    "mixgen-words-dropped": {"mixing": "mixgen", "dropping": 0.1},
    "mixup-images": {"mixing": "mixup", "partners": "shares"},
    "cut-joined": {"mixing": "cut"},
    "joined-by-and": {"mixing": "and"},
    "mixgen-masked": {"mixing": "mixgen", "partners": "mask"},
    "mixgen-soft": {"mixing": "mixgen", "partners": "soft"},
    "m2-mix": {"geodesic": 1.0},
    "mixgen-m2-mix": {"mixing": "mixgen", "geodesic": 1.0},
    "mixgen-mixup": {"mixing": "turns"},
    "mixgen-short": {"mixing": "mixgen", "tokens": SHORT},
    "mixgen-short-balanced": {"mixing": "mixgen", "tokens": SHORT, "fitting": "balance"},
    "mixgen-short-fit": {"mixing": "mixgen", "tokens": SHORT, "fitting": "fit"},
}
#: Better and worse, as the report's outlook or the method's own paper has it.
CLAIMED = (
    ("mixgen", "plain"),
    ("mixgen", "randaugment"),
    ("mixgen-randaugment", "mixgen"),
    ("mixgen", "words-dropped"),
    ("mixgen-words-dropped", "mixgen"),
    ("mixgen", "mixup-images"),
    ("mixgen", "cut-joined"),
    ("joined-by-and", "mixgen"),
    ("mixgen-masked", "mixgen"),
    ("mixgen-soft", "mixgen"),
    ("m2-mix", "plain"),
    ("mixgen-m2-mix", "mixgen"),
    ("mixgen-mixup", "mixgen"),
    ("mixgen-mixup", "mixup-images"),
    ("mixgen", "mixgen-short"),
    ("mixgen-short-balanced", "mixgen-short"),
    ("mixgen-short-fit", "mixgen-short"),
)


def train_rival(piece: Piece, settings: Scarcity, place: Place) -> Mapping[str, float]:
    """Trains an arm, and retrieves held-out scenes."""
    from impasto_lab.experiments.scarcity.rivaling import run_piece  # torch's; a page of help needs values alone

    return run_piece(piece, settings, place)


def show_differences(results: Any, folder: Path) -> None:
    """Writes ``report.html`` with the differences of all claims drawn."""
    from impasto_lab.experiments.paging import write_differences

    write_differences(results, folder)


def _arms(images: int) -> dict[str, Arm]:
    return {
        name: Rival(model="clip", mixgen="mixing" in way, images=images, **way)  # type: ignore[arg-type]
        for name, way in WAYS.items()
    }


SETTINGS: dict[Size, Scarcity] = {
    "smoke": Scarcity(
        images=64,
        held=16,
        evaluations=1,
        training={"clip": Training(steps=2, batch_size=16, lr=1e-3)},
        arms=_arms(48),
    ),
    "small": Scarcity(
        images=1600,
        held=250,
        evaluations=8,
        training={"clip": Training(steps=1600, batch_size=64, lr=1e-3)},
        arms=_arms(400),
    ),
}

EXPERIMENT = Experiment(
    name="rivals",
    title="MixGen against and with what competes with it",
    about="Trains a small dual encoder (48 px) on 400 rendered scenes, with MixGen, with RandAugment, MixUp of images "
    "alone, dropped words, cut rectangles, captions joined by 'and', a loss that knows who was mixed with whom, and "
    "m2-Mix (mixed embeddings as negatives), alone and with MixGen, MixUp and MixGen in turns, and joined captions in "
    "rows too short for them (cut at the end, cut in proportion, or of partners that fit), and retrieves held-out "
    "scenes. Finished trainings are kept. At small size a training takes a core two minutes or more.",
    arms=tuple(WAYS),
    run=train_rival,
    comes_of=comes_of,
    prepare=render_scarce,
    page=show_differences,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(8))},
    source="MixGen's outlook; RandAugment (arXiv 1909.13719), CutMix (1905.04899), m2-Mix (2203.03897), "
    "TiMix (2312.08846)",
    claims=tuple(
        Claim(better=better, worse=worse, metric=f"RSUM {part}")
        for part in ("seen", "unseen")
        for better, worse in CLAIMED
    ),
)
