"""Styles: a function of seed, number, variant and size; alike within a style, unlike between styles."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.errors import RecipeError, SourceError
from impasto.sources import ImageFolder
from impasto.streams import stream
from impasto_lab.worlds.photographs import catalogue
from impasto_lab.worlds.styles import (
    APART,
    FAMILIES,
    PAINTERLY,
    draw_apart,
    draw_style,
    paint,
    render_style,
    render_styles,
)
from impasto_lab.worlds.styles.canvas.filters import blur
from impasto_lab.worlds.styles.canvas.palette import MOODS
from impasto_lab.worlds.styles.compound import compound

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def photograph(name: str, side: int = 192) -> np.ndarray:
    pixels = next(picture for picture in catalogue() if picture.name == name).load()
    return np.asarray(Image.fromarray(pixels).resize((side, side)))


def descriptor(image: np.ndarray) -> np.ndarray:
    """What a style looks like, wherever things are: how often each colour is seen, and the energy of edges at three
    scales in four directions.
    """
    bins = (image // 64).astype(int) @ [16, 4, 1]
    colors = np.sqrt(np.bincount(bins.ravel(), minlength=64) / bins.size)
    light = (image.astype(np.float32) @ LUMA) / 255
    edges = []
    for sigma in (0.0, 1.5, 4.0):
        down, across = np.gradient(blur(light, sigma))
        angles = np.arange(4) * np.pi / 4
        edges += [np.abs(across * np.cos(angle) + down * np.sin(angle)).mean() for angle in angles]
    return np.concatenate([colors, 0.25 * np.log(np.array(edges) + 1e-3)])


@pytest.mark.parametrize("family", [*FAMILIES, *APART])
def test_every_family_renders_at_any_size(family: str) -> None:
    style = draw_style(FAMILIES.index(family)) if family in FAMILIES else draw_apart(family, 0)
    for size in (16, 32, 97, 256):
        image = render_style(style, size=size)
        assert image.shape == (size, size, 3)
        assert image.dtype == np.uint8
        assert image.std() > 3
    assert (render_style(style, size=97) == render_style(style, size=97)).all()
    assert (render_style(style, size=97) != render_style(style, size=97, variant=1)).any()


def test_some_families_have_no_number() -> None:
    assert not set(APART) & {draw_style(number).family for number in range(4 * len(FAMILIES))}
    drawn = [draw_apart(family, turn) for family in APART for turn in range(3)]
    assert len({style.palette for style in drawn}) == len(drawn)
    with pytest.raises(RecipeError, match="zigzag"):
        draw_apart(FAMILIES[0], 0)
    with pytest.raises(RecipeError, match="turn=-1"):
        draw_apart(APART[0], -1)


def test_numbers_go_round_families_moods_and_scales() -> None:
    assert len(FAMILIES) >= 24
    count = len(FAMILIES)
    drawn = [draw_style(number, seed=3) for number in range(count * len(MOODS))]
    assert [style.family for style in drawn[:count]] == list(FAMILIES)
    for place in range(count):
        own = drawn[place::count]
        assert {style.family for style in own} == {FAMILIES[place]}
        assert {style.mood for style in own} == set(MOODS)
        scales = [style.scale for style in own]
        assert max(scales) > 1.6 * min(scales)
    brightness = [np.mean(style.palette) for style in drawn]
    assert min(brightness) < 50
    assert max(brightness) > 200


def test_a_style_is_a_function_of_seed_and_number() -> None:
    assert draw_style(70, seed=1) == draw_style(70, seed=1)
    assert draw_style(70, seed=1).palette != draw_style(70, seed=2).palette
    assert draw_style(70, seed=1).palette != draw_style(70 + len(FAMILIES), seed=1).palette


def test_styles_differ_more_than_variants_of_one() -> None:
    """Among 150 styles, the nearest picture to a variant is another variant of the same style."""
    styles = [draw_style(number) for number in range(3 * len(FAMILIES))]
    first, second = (
        np.stack([descriptor(render_style(style, size=128, variant=variant)) for style in styles]) for variant in (0, 1)
    )
    distances = np.linalg.norm(first[:, None] - second[None], axis=-1)
    found = distances.argmin(axis=1)
    assert (found == np.arange(len(styles))).mean() > 0.85
    same = np.diag(distances).mean()
    others = distances[~np.eye(len(styles), dtype=bool)].mean()
    assert others > 3 * same


@pytest.mark.parametrize("family", PAINTERLY)
def test_paint_keeps_the_picture(family: str) -> None:
    correlations = []
    for turn in range(3):
        style = draw_style(FAMILIES.index(family) + turn * len(FAMILIES))
        for name in ("coffee", "astronaut"):
            image = photograph(name)
            painted = paint(image, style)
            assert painted.shape == image.shape
            assert painted.dtype == np.uint8
            seen, shown = (blur((one @ LUMA).astype(np.float32), 9)[8:-8:8, 8:-8:8].ravel() for one in (image, painted))
            correlations.append(np.corrcoef(seen, shown)[0, 1])
            assert np.abs(painted.astype(int) - image).mean() > 8
    assert np.mean(correlations) > 0.75
    assert min(correlations) > 0.5


def test_paint_takes_any_shape_and_leaves_its_input_alone() -> None:
    image = photograph("coffee")[:41, :97]
    before = image.copy()
    for family in PAINTERLY:
        style = draw_style(FAMILIES.index(family))
        painted = paint(image, style)
        assert painted.shape == (41, 97, 3)
        assert (painted == paint(image, style)).all()
        assert (painted != paint(image, style, variant=1)).any() or family == "pixels"
    assert (image == before).all()


def test_a_folder_of_styles_opens_as_images(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    made = render_styles(
        tmp_path / "a", count=60, size=48, seed=5, progress=lambda done, total: steps.append((done, total))
    )
    assert steps == [(done, 60) for done in range(1, 61)]
    source = ImageFolder(made.root)
    assert len(source) == made.count == 60
    assert set(source.classes) == set(FAMILIES)
    assert Counter(made.families) == Counter(draw_style(number).family for number in range(60))
    records = [json.loads(line) for line in (made.root / "styles.jsonl").read_text().splitlines()]
    for number in (0, 7, 59):
        style = draw_style(number, seed=5)
        assert records[number]["family"] == style.family
        with Image.open(made.root / records[number]["file"]) as image:
            assert (np.asarray(image) == render_style(style, size=48)).all()
    again = render_styles(tmp_path / "b", count=60, size=48, seed=5)
    for path in made.root.rglob("*.*"):
        assert path.read_bytes() == (again.root / path.relative_to(made.root)).read_bytes()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SourceError, match="something else"):
        render_styles(tmp_path, count=1)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    style = draw_style(FAMILIES.index(PAINTERLY[0]))
    texture = next(draw_style(number) for number, family in enumerate(FAMILIES) if family not in PAINTERLY)
    image = np.zeros((32, 32, 3), np.uint8)
    for wrong in (
        lambda: draw_style(-1),
        lambda: render_style(style, size=15),
        lambda: render_style(style, variant=-1),
        lambda: render_style(replace(style, family="doodles")),
        lambda: paint(image, texture),
        lambda: paint(image, style, variant=-1),
        lambda: paint(image[..., 0], style),
        lambda: paint(image[:8], style),
        lambda: paint(image.astype(np.float32), style),
        lambda: render_styles(tmp_path / "none", count=0),
        lambda: render_styles(tmp_path / "none", size=8),
    ):
        with pytest.raises(RecipeError):
            wrong()
    assert not (tmp_path / "none").exists()


def test_compounds_are_new_pictures_of_all_that_they_are_made_of() -> None:
    pictures = [render_style(draw_style(number), size=64) for number in (3, 8, 19)]
    made = [compound(pictures, stream(0, number)) for number in range(24)]
    assert all(image.shape == (64, 64, 3) and image.dtype == np.uint8 for image in made)
    assert min(image.std() for image in made) > 3
    near = min(np.abs(descriptor(image) - descriptor(other)).sum() for image in made for other in pictures)
    assert near > 1
    assert np.array_equal(compound(pictures, stream(0, 7)), made[7])
    different = [np.array_equal(compound([pictures[0]] * 3, stream(0, number)), made[number]) for number in range(24)]
    assert sum(different) < 8  # a few are made of the first alone


@pytest.mark.parametrize(("sizes", "message"), [((64, 64), "made of 3 pictures"), ((64, 64, 48), "different sizes")])
def test_compounds_are_made_of_three_pictures_of_a_size(sizes: tuple[int, ...], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        compound([render_style(draw_style(0), size=size) for size in sizes], stream(0))
