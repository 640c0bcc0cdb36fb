"""One arm with a seed: a model is pretrained, and ranks all held-out images for each caption."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto.files import new_file
from impasto_lab.experiments.downstream.data import task_data, world_of
from impasto_lab.experiments.downstream.running import pretrain_arm
from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.ranking.measuring import found_first
from impasto_lab.experiments.scarcity.data import PARTS
from impasto_lab.metrics import retrieval
from impasto_lab.models import Vilt
from impasto_lab.tasks import HeldOut
from impasto_lab.tasks.downstream import Judging, RetrievalOptions, held_of, open_checkpoint
from impasto_lab.training import pick_device
from impasto_lab.worlds import World, scenes
from impasto_lab.worlds.formats.sample import Split

#: Images that are kept of each caption's ranking.
KEPT = 4


def run_piece(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains, and ranks by the towers' similarities alone.

    ``ranks/{arm}-{seed}.json`` of the shared folder holds, by part, ``ranks`` [M] of the true images, from 0, ``first``
    [M, 4], the rows of the images that come first, M ``captions``, their ``owners`` [M], and the N images' ``keys``.

    Returns:
        `found_first` of each part.
    """
    folder = pretrain_arm(piece, settings, place)
    opened = open_checkpoint(folder)
    assert not isinstance(opened.base, Vilt)
    opened.base.to(pick_device(place.device))
    world = world_of(place.shared)
    found: dict[str, float] = {}
    kept: dict[str, dict[str, Any]] = {}
    for part, split in PARTS.items():
        held = held_of(opened, task_data(world, "retrieval", split), Judging(options=RetrievalOptions()))
        scores, owners = held.scores(opened.base).numpy(), held.image_of.numpy()
        figures = found_first(scores, owners, fitting_of(held, world, split), seed=piece.seed)
        found |= {f"{name}, {part}": value for name, value in figures.items()}
        kept[part] = ranks_of(held, scores)
    keep_ranks(kept, piece, place)
    return found


def ranks_of(held: HeldOut, scores: npt.NDArray[np.floating]) -> dict[str, Any]:
    """What is kept of a ranking, [N, M]; see `run_piece`."""
    owners = held.image_of.numpy()
    return {
        "ranks": retrieval(scores, owners).image_ranks.tolist(),
        "first": np.argsort(-scores, axis=0, kind="stable")[:KEPT].T.tolist(),
        "captions": list(held.captions),
        "owners": owners.tolist(),
        "keys": list(held.keys),
    }


def keep_ranks(kept: Mapping[str, Any], piece: Piece, place: Place) -> None:
    """Writes what is kept of a piece's rankings, by part."""
    path = ranks_file(place.shared, piece)
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as partial:
        partial.write_text(json.dumps(kept) + "\n", encoding="utf-8")


def ranks_file(shared: Path, piece: Piece) -> Path:
    """Where the ranks of a piece lie."""
    return shared / "ranks" / f"{piece.name}.json"


def fitting_of(held: HeldOut, world: World, split: Split) -> npt.NDArray[np.bool_]:
    """[N, M] whether each caption fits each image, by what is known of the scenes; its own always."""
    facts = world.known(split)
    own = [facts[key] for key in held.keys]
    return np.array([[scenes.fits(caption, fact) for caption in held.captions] for fact in own])
