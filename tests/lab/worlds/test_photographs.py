"""Photographs: deterministic, cut from where the facts say, with captions that fit the tone."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto_lab.experiments.default_style.settings import HELD_OUT
from impasto_lab.worlds import World, write_photographs
from impasto_lab.worlds.photographs import catalogue, count
from impasto_lab.worlds.photographs.phrases import read
from impasto_lab.worlds.photographs.tones import TONES

COLOR_WORDS = re.compile(r"\b(red|orange|green|blue|purple|pink|yellow|reddish|bluish)\b")


def _facts(world: World, split: str) -> list[dict]:
    return [json.loads(line) for line in world.facts(split).read_text().splitlines()]


def _captions(world: World, split: str) -> dict[int, list[str]]:
    captions: dict[int, list[str]] = {}
    for annotation in json.loads(world.annotations(split).read_text())["annotations"]:
        captions.setdefault(annotation["image_id"], []).append(annotation["caption"])
    return captions


def test_the_catalogue_is_sound() -> None:
    assert len({photograph.name for photograph in catalogue()}) == len(catalogue()) >= 20
    for photograph in catalogue():
        height, width, _ = photograph.load().shape
        assert photograph.credit
        assert photograph.licence
        assert photograph.gray == bool((photograph.load()[..., :1] == photograph.load()).all())
        for region in photograph.regions:
            left, top, right, bottom = region.box or (0, 0, width, height)
            assert 0 <= left < right <= width, (photograph.name, region.name)
            assert 0 <= top < bottom <= height, (photograph.name, region.name)
            assert len(set(region.captions)) == len(region.captions) >= 4
            for phrase in region.captions:
                for colored in (True, False):
                    said = read(phrase, colored=colored, mirrored=False)
                    assert not re.search(r"  |[\[\]{}|]|\ba [aeio]|\ban [^aeiou]", said), said
                    assert (said == said.strip() and said[0].islower()) or said.startswith("Greek"), said
                if photograph.gray:
                    assert "[" not in phrase
                assert not COLOR_WORDS.search(read(phrase, colored=False, mirrored=False)), phrase
                assert photograph.flip or "{" not in phrase


def test_the_seed_is_the_whole_input(photographs: World, tmp_path: Path) -> None:
    again = write_photographs(tmp_path / "again", seed=3)

    def digests(root: Path) -> dict[str, str]:
        files = (path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert digests(again.root) == digests(photographs.root)


def _shown(world: World, split: str) -> list[tuple[str, str, str]]:
    return [(facts["photograph"], facts["region"], facts["tone"]) for facts in _facts(world, split)]


def test_nothing_of_a_held_out_photograph_is_trained_on(photographs: World) -> None:
    held_out = {photograph.name for photograph in catalogue() if photograph.held_out}
    assert held_out == set(HELD_OUT), "the style model was trained without them too"
    for split in ("train", "val"):
        assert not held_out & {name for name, _, _ in _shown(photographs, split)}
    unseen = [place for place in _shown(photographs, "test") if place[0] in held_out]
    tones = {photograph.name: len(TONES) - photograph.gray for photograph in catalogue()}
    assert {name for name, _, _ in unseen} == held_out
    assert len(set(unseen)) == len(unseen) == sum(tones[p.name] * len(p.regions) for p in catalogue() if p.held_out)
    assert len(unseen) == count("test", held_out=True) > 100
    assert _shown(photographs, "test")[-len(unseen) :] == unseen, "they come last"


def test_every_other_region_is_tested_in_a_tone_that_it_was_not_trained_in(photographs: World) -> None:
    held_out = {photograph.name for photograph in catalogue() if photograph.held_out}
    trained = set(_shown(photographs, "train"))
    tested = [place for place in _shown(photographs, "test") if place[0] not in held_out]
    regions = sum(len(photograph.regions) for photograph in catalogue() if not photograph.held_out)
    assert len(set(tested)) == len(tested) == len(_shown(photographs, "val")) == regions == count("val")
    assert not trained & {*tested, *_shown(photographs, "val")}
    assert {place[:2] for place in tested} <= {place[:2] for place in trained}
    assert {place[2] for place in tested} <= {place[2] for place in trained}
    assert len(_shown(photographs, "train")) == count("train") > 350


def test_pixels_come_from_the_box(photographs: World) -> None:
    """A natural image is its box of the photograph, mirrored as said, but for JPEG's losses."""
    loaded = {photograph.name: photograph.load() for photograph in catalogue()}
    checked = Counter()
    for facts in _facts(photographs, "train"):
        if facts["tone"] != "natural":
            continue
        left, top, right, bottom = facts["box"]
        part = loaded[facts["photograph"]][top:bottom, left:right]
        part = part[:, ::-1] if facts["mirrored"] else part
        image = Image.open(photographs.images / f"{facts['id']:012d}.jpg").convert("RGB")
        expected = Image.fromarray(np.ascontiguousarray(part)).resize(image.size, Image.Resampling.LANCZOS)
        assert np.abs(np.asarray(image, int) - np.asarray(expected, int)).mean() < 6, facts
        checked[facts["mirrored"]] += 1
    assert min(checked[True], checked[False]) > 20


def test_captions_fit_the_tone(photographs: World) -> None:
    words = {tone.name: [w.replace("{}", "").strip(" ,") for w in tone.wordings] for tone in TONES}
    for split in ("train", "val", "test"):
        captions = _captions(photographs, split)
        for facts in _facts(photographs, split):
            image = np.asarray(Image.open(photographs.images / f"{facts['id']:012d}.jpg").convert("RGB"), int)
            saturation = (image.max(axis=-1) - image.min(axis=-1)).mean()
            for caption in captions[facts["id"]]:
                assert facts["tone"] == "natural" or any(said in caption for said in words[facts["tone"]]), caption
                if facts["tone"] == "gray":
                    assert saturation == 0
                if COLOR_WORDS.search(caption):
                    assert saturation > 1, caption


@pytest.mark.parametrize("tone", TONES, ids=lambda tone: tone.name)
def test_tones_do_what_their_words_say(tone) -> None:
    pixels = next(photograph for photograph in catalogue() if photograph.name == "coffee").load()
    developed = tone.develop(pixels, np.random.default_rng(0)).astype(int)

    def detail(image: np.ndarray) -> float:
        return np.abs(np.diff(image.astype(int), axis=1)).mean()

    brightness, before = developed.mean(), pixels.mean()
    assert developed.shape[2] == 3
    assert abs(developed.shape[0] - pixels.shape[0]) < 20
    assert tone.name != "dark" or brightness < 0.45 * before
    assert tone.name != "bright" or brightness > 1.5 * before
    assert tone.name not in ("blurred", "pixelated") or detail(developed) < 0.6 * detail(pixels)
    assert tone.name != "grainy" or detail(developed) > 2 * detail(pixels)
    assert tone.name != "natural" or (developed == pixels).all()
