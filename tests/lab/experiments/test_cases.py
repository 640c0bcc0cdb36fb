"""Case studies: what is counted is what is there, and advice follows what was counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from impasto.ops import tokenize
from impasto_lab.experiments import registry
from impasto_lab.experiments.cases.advice import advise_digits, advise_medical, advise_social
from impasto_lab.experiments.cases.digits_data import captions, images, training_set
from impasto_lab.experiments.cases.mixing_reports import detail_kept
from impasto_lab.experiments.cases.posting import holds
from impasto_lab.experiments.cases.reports import SUBJECTS, Tile, contradict, misplace, tiles
from impasto_lab.experiments.cases.settings import Digits
from impasto_lab.experiments.cases.tidying import tidy
from impasto_lab.experiments.experiment import Piece
from impasto_lab.experiments.runner import reproduce
from impasto_lab.worlds.posts import LANGUAGES, draw_post


def _by_arm(name: str, folder: Path, **asked: object) -> dict[str, dict[str, float]]:
    results = reproduce(registry.find(name), folder, size="smoke", device="cpu", **asked)  # type: ignore[arg-type]
    return {piece.arm: dict(found) for piece, found in results.measured.items()}


def test_posts_that_are_joined(tmp_path: Path) -> None:
    found = _by_arm("social", tmp_path)
    assert found["raw"]["cut"] > found["tidied"]["cut"] and found["tidied"]["things kept"] > found["raw"]["things kept"]
    assert found["tidied"]["things kept alone"] == 100  # each fits by itself, whole
    assert found["raw"]["ids, en"] < found["raw"]["ids, hi"]
    page = (tmp_path / "report.html").read_text()
    assert "tidy posts before mixing" in page and "tokens lost" in page and page.count("data:image/jpeg") == 6


def test_reports_that_are_mixed(tmp_path: Path) -> None:
    found = _by_arm("medical", tmp_path)
    assert found["mixgen"]["contrast kept"] == pytest.approx(50, abs=4)  # lam
    assert found["lam-0.8"]["contrast kept"] == pytest.approx(80, abs=4)
    assert found["lam-0.8"]["own detail"] > found["mixgen"]["own detail"]
    assert found["cut"]["findings gone"] > 0 == found["lam-0.8"]["findings gone"]
    page = (tmp_path / "report.html").read_text()
    assert "in the field" in page and page.count("data:image/jpeg") == 12


def test_digits_are_trained_and_named(tmp_path: Path) -> None:
    found = _by_arm("digits", tmp_path, arms=("plain-50", "mixgen-50"))
    assert all(0 <= one["accuracy"] <= 100 for one in found.values())
    assert "With 50 images: nothing is shown" in (tmp_path / "report.html").read_text()


def test_fewer_digits_are_among_more_and_none_is_held_out() -> None:
    settings = Digits(held=500)
    sets = (training_set(settings, count, 3) for count in (50, 200))
    few, more = ({(data[row].image, data[row].captions) for row in range(len(data))} for data in sets)
    assert few < more
    drawn, digits = images(32)
    assert drawn.shape == (1797, 32, 32, 3) and len(digits) == 1797
    assert drawn[digits == 1].mean() > drawn[digits == 0].mean() - 20 and drawn.max() == 255  # ink on white
    assert all("seven" in caption for caption in captions(7))


def test_tidying_keeps_words_of_all_scripts() -> None:
    for number in range(200):
        post = draw_post(5, number)
        kept = tidy(post.text)
        assert tidy(post.phrase) == post.phrase and post.phrase in kept
        assert not any(sign in kept for sign in "#@\U0001f60d\U0001f525\u200d") and "http" not in kept
    assert {draw_post(5, number).language for number in range(200)} == set(LANGUAGES)
    assert tidy("mail me@home.org, 50% off") == "mail me@home.org, 50% off"
    assert draw_post(5, 7) == draw_post(5, 7) != draw_post(6, 7)


def test_a_phrase_is_held_whole_or_not() -> None:
    whole = tokenize("omg a red star on the grass #art").input_ids[0].tolist()
    said = [one for one in tokenize("a red star").input_ids[0].tolist() if one][1:-1]
    assert holds(whole, said) and not holds(whole[:4], said) and not holds(whole, said[::-1])


def test_tiles_show_what_their_reports_say() -> None:
    """A finding is wholly in or wholly out; parts are cut where they should be."""
    for tile in tiles(40, seed=2):
        for name, box in tile.found.items():
            denied = f"No {name} in the field." in tile.report
            assert denied == (box is None)
            if box is not None:
                assert min(box) >= 0 and max(box) <= 1 and tile.places[name] in tile.report
    shown = [tile for tile in tiles(40, seed=2) if tile.found.get("optic disc")]
    for tile in shown:  # the brightest there is in a retina
        left, top, right, bottom = (round(share * len(tile.pixels)) for share in tile.found["optic disc"] or ())
        gray = tile.pixels.mean(axis=2)
        assert gray[top:bottom, left:right].mean() > 1.15 * np.median(gray)
    assert {tile.subject for tile in shown} == {"retina"} and len(shown) > 3
    assert {tile.subject for tile in tiles(10, seed=0, subjects=SUBJECTS[1:])} == {"tissue"}


def test_reports_contradict_by_their_findings() -> None:
    def tile(**found: tuple[float, float, float, float] | None) -> Tile:
        return Tile(subject="retina", pixels=np.zeros((4, 4, 3), np.uint8), report="", found=dict(found))

    left, right = (0.1, 0.4, 0.2, 0.6), (0.8, 0.4, 0.9, 0.6)
    assert contradict(tile(disc=None), tile(disc=left)) and not contradict(tile(disc=None), tile(disc=None))
    assert not contradict(tile(disc=None), tile(gland=left))
    assert misplace(tile(disc=left), tile(disc=right)) and not misplace(tile(disc=left), tile(disc=left))
    assert not misplace(tile(disc=left), tile(disc=None))


def test_detail_that_is_kept_is_its_weight() -> None:
    rng = np.random.default_rng(0)
    own, other = rng.normal(size=(2, 96, 96))
    for lam in (0.2, 0.5, 1.0):
        contrast, share = detail_kept(lam * own + (1 - lam) * other, own)
        assert contrast == pytest.approx(lam, abs=0.03)
        assert share == pytest.approx(lam**2 / (lam**2 + (1 - lam) ** 2), abs=0.04)
    assert detail_kept(np.ones((9, 9)), own[:9, :9]) == (0.0, 0.0)


def test_advice_follows_what_was_measured() -> None:
    def digits(gains: list[float]) -> list[str]:
        measured = {Piece("plain-50", seed): {"accuracy": 50.0 + seed} for seed in range(len(gains))}
        measured |= {Piece("mixgen-50", seed): {"accuracy": 50.0 + seed + gain} for seed, gain in enumerate(gains)}
        return advise_digits(measured)

    assert digits([5.0, 5.5, 6.0])[0].startswith("With 50 images: mix. MixGen changes the accuracy by +5.5")
    assert "do not mix" in digits([-5.0, -5.5, -6.0])[0] and "nothing is shown" in digits([-5.0, 5.0])[0]
    assert "one pair" in digits([9.0])[0] and advise_digits({}) == []
    often = {Piece("mixgen", 0): {"contradicted": 30.0}, Piece("one-subject", 0): {"contradicted": 55.0}}
    assert "do not join" in advise_medical(often)[0] and "55 %" in advise_medical(often)[1]
    seldom = {Piece("mixgen", 0): {"contradicted": 1.0}}
    assert len(advise_medical(seldom)) == 1 and "rarely" in advise_medical(seldom)[0]
    posts = {
        Piece("raw", 0): {"cut": 3.0, "things kept": 99.0, "ids, en": 20.0, "ids, hi": 60.0},
        Piece("tidied", 0): {"cut": 2.0, "things kept": 99.5},
    }
    said = advise_social(posts)
    assert "tidying changes little" in said[1] and "with tidied (" in said[2] and "60 in hi; do not join" in said[3]
