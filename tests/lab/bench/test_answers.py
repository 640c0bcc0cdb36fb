"""The bench compares answers, and notices when they differ."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from impasto_lab.bench import ours
from impasto_lab.bench.answers import AnswersDifferError, compare
from impasto_lab.bench.peers import pillow, torchvision_io
from impasto_lab.bench.peers.pairs import MixedPairs
from impasto_lab.bench.photographs import Files, write_files
from impasto_lab.bench.work import Views, Work

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_files(tmp_path_factory.mktemp("files"), 16, seed=1)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_all_loaders_agree(files: Files, interpolation: Any) -> None:
    answers = compare(files, Work(batch_size=8, interpolation=interpolation, seed=5), (pillow, torchvision_io))
    assert answers.images == 16
    assert set(answers.apart) == {"pillow", "torchvision.io"}
    assert all(apart.mean <= apart.p999 <= apart.max for apart in answers.apart.values())
    assert answers.fast_psnr_worst > 35


def _damaged(damage: Any, peer: Any = pillow) -> Any:
    """A peer's loader with its batches damaged."""

    def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
        return map(damage, peer.open_loader(files, work, workers=workers, views=views))

    return SimpleNamespace(NAME="damaged", TITLE="damaged", TOLERANCE=peer.TOLERANCE, open_loader=open_loader)


def _pixel(batch: MixedPairs) -> MixedPairs:
    images = batch.images.clone()
    images[0, 0, 0, 0] += 0.1
    return batch._replace(images=images)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_pixel, "a pixel differs by"),
        (lambda batch: batch._replace(input_ids=batch.input_ids.flip(1)), "the ids differ"),
        (lambda batch: batch._replace(captions=batch.captions[::-1]), "the joined captions differ"),
    ],
    ids=["pixel", "ids", "captions"],
)
def test_a_difference_is_noticed(files: Files, damage: Any, reason: str) -> None:
    with pytest.raises(AnswersDifferError, match=reason):
        compare(files, Work(batch_size=8), [_damaged(damage)])


def test_a_decoder_of_its_own_is_judged_by_all_pixels(files: Files) -> None:
    """One that is far off is no reason; all that are a little off are."""
    work = Work(batch_size=8)
    damaged = compare(files, work, [_damaged(_pixel, torchvision_io)]).apart["damaged"]
    assert damaged.max > 5 > damaged.p999
    for amount, reason in ((0.02, "on average"), (0.2, "on average")):
        peer = _damaged(lambda batch, by=amount: batch._replace(images=batch.images + by), torchvision_io)
        with pytest.raises(AnswersDifferError, match=reason):
            compare(files, work, [peer])


def test_the_peer_mixes_as_the_reference_does(files: Files) -> None:
    """MixGen's own pseudo-code, row by row, on what the loader gives without mixing."""
    boxes = torch.tensor([[0, 0, 640, 480]]).repeat(16, 1).numpy()
    views = Views(boxes, torch.zeros(16, dtype=torch.bool).numpy())
    plain = next(iter(pillow.open_loader(files, Work(batch_size=8, mixed=0.0), workers=0, views=views)))
    mixed = next(iter(pillow.open_loader(files, Work(batch_size=8), workers=0, views=views)))
    images, captions = plain.images.clone(), list(plain.captions)
    for row in range(2):
        images[row] = 0.5 * images[row] + 0.5 * images[row + 2]
        captions[row] = captions[row] + " " + captions[row + 2]
    assert torch.allclose(mixed.images, images, atol=1e-6)
    assert mixed.captions == captions


def test_the_same_seed_writes_the_same_files(files: Files, tmp_path: Path) -> None:
    again = write_files(tmp_path, 16, seed=1)
    assert again.captions == files.captions
    for one, other in zip(files.paths, again.paths, strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()


def test_our_loader_draws_what_is_replayed(files: Files) -> None:
    """Flips and crops do occur in what is compared: a comparison of nothing would pass."""
    (batch, *_) = ours.open_loader(files, Work(batch_size=16), workers=0, shuffle=False)
    assert 0 < batch.plan.flips.sum() < 16
    assert (batch.plan.boxes == batch.plan.boxes.round()).all()
    assert len({tuple(box) for box in batch.plan.boxes.tolist()}) == 16
