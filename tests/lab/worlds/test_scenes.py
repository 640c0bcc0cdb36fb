"""Scenes: deterministic, drawn where their facts say, with captions that the facts bear out."""

import hashlib
import json
import math
import re
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.streams import stream
from impasto_lab.worlds import World, render_scenes
from impasto_lab.worlds.scenes import MANNERS, PLAIN_GROUNDS, RICH, Scene, Size, Thing, draw_scene, render, samples
from impasto_lab.worlds.scenes.captions import describe
from impasto_lab.worlds.scenes.vocabulary import BACKGROUNDS, COLORS, RELATIONS, SHAPES, TEXTURES


def _digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def _facts(world: World, split: str) -> list[dict]:
    return [json.loads(line) for line in world.facts(split).read_text().splitlines()]


def test_the_seed_is_the_whole_input(scenes: World, tmp_path: Path) -> None:
    np.random.default_rng().random()
    again = render_scenes(tmp_path / "again", size="tiny", seed=3)
    assert _digests(again.root) == _digests(scenes.root)
    other = next(iter(samples(size="tiny", seed=4)))
    assert other.image != (scenes.images / "000000000001.jpg").read_bytes()


def test_only_the_test_split_shows_the_kept_combinations(scenes: World) -> None:
    def combinations_of(split: str) -> list[set[tuple[str, str]]]:
        return [{(thing["shape"], thing["color"]) for thing in facts["things"]} for facts in _facts(scenes, split)]

    trained = set().union(*combinations_of("train"), *combinations_of("val"))
    assert all(shown - trained for shown in combinations_of("test"))
    seen_shapes, seen_colors = ({pair[place] for pair in trained} for place in (0, 1))
    assert seen_shapes == set(SHAPES), "each shape of a kept combination is trained"
    assert seen_colors == set(COLORS), "and each colour"


def test_no_two_scenes_show_the_same(scenes: World) -> None:
    shown = [
        (facts["background"], *sorted((t["shape"], t["color"], t["texture"], t["size"]) for t in facts["things"]))
        for split in ("train", "val", "test")
        for facts in _facts(scenes, split)
    ]
    assert max(Counter(shown).values()) == 1


def test_things_lie_apart_and_inside(scenes: World) -> None:
    for facts in _facts(scenes, "train"):
        for thing in facts["things"]:
            assert thing["radius"] <= thing["x"] <= 1 - thing["radius"]
            assert thing["radius"] <= thing["y"] <= 1 - thing["radius"]
        for one, other in combinations(facts["things"], 2):
            apart = math.hypot(one["x"] - other["x"], one["y"] - other["y"])
            assert apart > one["radius"] + other["radius"]


@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_show_the_color_where_the_thing_is(shape: str) -> None:
    """Most of the pixels that a thing changes are nearer to its own colour than to any other."""
    colors = np.array(list(COLORS.values()), float)
    y, x = np.mgrid[:192, :192] / 192
    for number, (color, texture) in enumerate((c, t) for c in COLORS for t in TEXTURES):
        place = {"x": 0.4, "y": 0.55, "radius": 0.2, "angle": 0.3}
        thing = Thing(shape=shape, color=color, texture=texture, size="large", **place)
        ground = list(BACKGROUNDS)[number % len(BACKGROUNDS)]
        pixels = render(Scene(background=ground, things=(thing,)), 192, stream(number)).astype(int)
        bare = render(Scene(background=ground, things=()), 192, stream(number))
        changed = np.abs(pixels - bare).sum(axis=-1) > 40
        near = np.hypot(x - thing.x, y - thing.y) < thing.radius
        assert changed[~near].mean() < 0.03, "little but shadow lies outside"
        votes = np.linalg.norm(pixels[near & changed][:, None] - colors, axis=-1).argmin(axis=1)
        if texture == "plain":
            assert list(COLORS)[np.bincount(votes).argmax()] == color, (color, ground)
        else:
            plain = Scene(background=ground, things=(replace(thing, texture="plain"),))
            assert (render(plain, 192, stream(number)) != pixels).any(axis=-1)[near].mean() > 0.05


@pytest.mark.parametrize("manner", MANNERS)
def test_five_captions_hold_what_the_facts_say(manner: str) -> None:
    known = {word for names in SHAPES.values() for pair in names for word in pair[0].split() + pair[1].split()}
    words = Counter()
    for sample in samples(size=Size(200, side=48), manner=MANNERS[manner], seed=3):
        things = sample.facts["things"]
        assert len(sample.captions) == 5
        for caption in sample.captions:
            assert caption == caption.strip()
            assert "  " not in caption
            assert caption
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", caption), caption
            said = set(re.findall(r"[a-z-]+", caption))
            words.update(said)
            # "orange" is a colour and nothing else here; "grass" and the like come with their grounds.
            assert said & set(COLORS) <= {t["color"] for t in things} | _ground_colors(caption), caption
            named = {name for name in SHAPES if any(w in said for pair in SHAPES[name] for w in (pair[0], pair[1]))}
            assert named <= {t["shape"] for t in things}, caption
    assert {"left", "right", "there", "striped", "dots"} <= set(words)
    assert known & set(words)


def _ground_colors(caption: str) -> set[str]:
    return {color for color, ground in (("green", "green lawn"), ("blue", "blue water")) if ground in caption}


def test_rich_scenes_are_crowded_and_told_at_length() -> None:
    made = list(samples(size=Size(200, side=48, held=50), manner=RICH, seed=3))
    assert Counter(sample.split for sample in made) == {"train": 100, "val": 50, "test": 50}
    plain = [sample.facts["background"] in PLAIN_GROUNDS for sample in made]
    assert 0.4 < np.mean(plain) < 0.6
    colors = [render(Scene(background=name, things=()), 16, stream(0)).reshape(-1, 3) for name in PLAIN_GROUNDS]
    assert all(len(np.unique(pixels, axis=0)) == 1 for pixels in colors)
    known = [*COLORS.values(), *(pixels[0].astype(int) for pixels in colors)]
    assert min(math.dist(one, other) for one, other in combinations(known, 2)) > 30, "things stand out"
    counts = Counter(len(sample.facts["things"]) for sample in made)
    assert counts[3] + counts[4] > 2 * (counts[1] + counts[2])
    assert min(counts.values()) > 5
    for sample in made:
        lengths = sorted(len(caption.split()) for caption in sample.captions)
        assert sum(15 <= length <= 25 for length in lengths) >= 2, "two wordings at length"
        assert lengths[0] < 15
        assert len(set(sample.captions)) == 5


@pytest.mark.parametrize("seed", range(3))
def test_what_is_told_of_places_is_so(seed: int) -> None:
    """Every place that a long caption gives is that of the one thing that it names."""
    nouns = {pair[0]: name for name, pairs in SHAPES.items() for pair in pairs}
    noun = "|".join(sorted(nouns, key=len, reverse=True))
    pattern = re.compile(rf"the (\w+) ({noun}) (?:in|on|at) the (upper|lower|top|bottom)? ?(left|right|middle)?")
    checked = 0
    for number in range(200):
        scene = draw_scene(stream(seed, number), manner=RICH)
        for caption in describe(scene, stream(seed, number, "words"), ("told", "told")):
            for color, name, down, across in pattern.findall(caption):
                (thing,) = (t for t in scene.things if (t.color, t.shape) == (color, nouns[name]))
                assert {"left": thing.x < 0.4, "right": thing.x > 0.6}.get(across, 0.4 <= thing.x <= 0.6), caption
                high, low = thing.y < 0.4, thing.y > 0.6
                assert high if down in ("upper", "top") else low if down in ("lower", "bottom") else not (high or low)
                checked += 1
    assert checked > 15


def test_relations_are_where_the_pixels_are() -> None:
    """Related pairs are found again in the captions and checked against the centres."""
    nouns = {pair[0]: name for name, pairs in SHAPES.items() for pair in pairs}
    sides = {words: side for side, (wordings, _) in RELATIONS.items() for words in wordings}
    noun = "|".join(sorted(nouns, key=len, reverse=True))
    detail = "|".join(after for _, after in TEXTURES.values() if after)
    thing = rf"(?:small |large |medium-sized )?(?:striped |dotted |checkered )?(\w+) ({noun})(?: (?:{detail}))?"
    pattern = re.compile(rf"{thing} (?:is |lies )?({'|'.join(sorted(sides, key=len, reverse=True))}) an? {thing}")
    checked = Counter()
    for seed in range(300):
        scene = draw_scene(stream(seed, "relations"))
        for caption in describe(scene, stream(seed, "words")):
            if found := pattern.search(caption):
                one, other = (
                    next(t for t in scene.things if (t.color, t.shape) == (color, nouns[name]))
                    for color, name in (found.groups()[:2], found.groups()[3:])
                )
                side = sides[found[3]]
                holds = {
                    "left": one.x < other.x,
                    "right": one.x > other.x,
                    "above": one.y < other.y,
                    "below": one.y > other.y,
                }
                assert holds[side], caption
                checked[side] += 1
    assert len(checked) == 4
    assert min(checked.values()) > 20


def test_grounds_look_different(scenes: World) -> None:
    means: dict[str, list[np.ndarray]] = {name: [] for name in BACKGROUNDS}
    for facts in _facts(scenes, "train"):
        pixels = np.asarray(Image.open(scenes.images / f"{facts['id']:012d}.jpg"), float)
        means[facts["background"]].append(np.median(pixels, axis=(0, 1)))
    centers = [np.mean(of_one, axis=0) for of_one in means.values()]
    assert min(np.linalg.norm(a - b) for a, b in combinations(centers, 2)) > 25


def test_an_unknown_size_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(impasto.RecipeError, match="'tiny', 'small', 'medium'"):
        render_scenes(tmp_path / "w", size="huge")
    with pytest.raises(impasto.RecipeError, match="'usual', 'rich'"):
        render_scenes(tmp_path / "w", manner="poor")
