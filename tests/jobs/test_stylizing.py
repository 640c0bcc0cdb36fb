"""Stylized copies on disk: read back by tarfile and by impasto, the same bytes however they came about."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

import impasto
from impasto import ops
from impasto.jobs import StylizedData, StylizeSettings, stylize_data
from impasto.jobs.stylized_images import draw_style
from impasto.jobs.stylized_shard import stylize_shard
from impasto.recipe import Beta
from impasto.style import StyleModel, StyleRandomizer, float32_as

Settings = Callable[..., StylizeSettings]
Samples = Callable[[StylizedData], dict[str, dict[str, bytes]]]
Contents = Callable[[Path], dict[str, bytes]]
ROWS = 7


def test_what_is_written(
    done: StylizedData, data: impasto.sources.Source, images: list[bytes], samples: Samples
) -> None:
    assert (done.images, done.stylized, done.bad, done.done_before) == (21, 14, (), 0)
    samples = samples(done)
    assert list(samples) == [f"{row:08d}_{copy:02d}" for copy in range(3) for row in range(ROWS)]
    for key, members in samples.items():
        row, copy = map(int, key.split("_"))
        record = json.loads(members["json"])
        picture = members["jpg" if "jpg" in members else "png"]
        with PIL.Image.open(io.BytesIO(picture)) as opened, PIL.Image.open(io.BytesIO(images[row])) as original:
            assert opened.size == original.size == (record["width"], record["height"])
        assert members["txt"].decode() == f"cut {row}"
        assert record["captions"] == [f"cut {row}", f"caf\u00e9 {row}"]
        assert (record["key"], record["copy"], record["stylized"]) == (data.key(row), copy, copy > 0)
        assert (copy == 0) == (picture == images[row])


def test_it_is_read_like_any_data_set(done: StylizedData) -> None:
    shards = impasto.sources.WebDataset(done.shards)
    assert len(shards) == done.images
    assert [shards.index.captions(row) for row in (0, 20)] == [["cut 0"], ["cut 6"]]
    loader = impasto.Loader(shards, impasto.Recipe(image=impasto.ImageRecipe(size=32), text=None), batch_size=7)
    assert sum(len(batch) for batch in loader) == 21


def test_a_style_is_drawn_again_from_its_record(
    done: StylizedData, randomizer: StyleRandomizer, images: list[bytes], samples: Samples
) -> None:
    members = samples(done)["00000001_02"]
    record = json.loads(members["json"])
    generator = torch.Generator().manual_seed(record["style_seed"])
    plan = randomizer.draw(1, rows=[0], alpha=record["alpha"], generator=generator)
    original = torch.from_numpy(impasto.ops.decode(images[1])).permute(2, 0, 1)[None]
    painted = randomizer(original, plan)[0].permute(1, 2, 0).numpy()
    file = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(painted)).save(file, "JPEG", quality=95)
    assert file.getvalue() == members["jpg"]


def test_copies_differ_and_depend_on_nothing_else(
    done: StylizedData,
    data: impasto.sources.Source,
    randomizer: StyleRandomizer,
    tmp_path: Path,
    settings: Settings,
    samples: Samples,
) -> None:
    expected = samples(done)
    assert expected["00000000_01"]["jpg"] != expected["00000000_02"]["jpg"]
    alone = stylize_data(data, tmp_path / "a", randomizer, settings(copies=1, shard_size=100))
    for key, members in samples(alone).items():
        assert members == expected[key]
    other = stylize_data(data, tmp_path / "b", randomizer, settings(copies=1, shard_size=100, seed=4))
    assert all(members["jpg"] != expected[key]["jpg"] for key, members in samples(other).items())


@pytest.mark.slow
def test_workers_write_the_same_bytes(
    data: impasto.sources.Source, randomizer: StyleRandomizer, tmp_path: Path, settings: Settings, contents: Contents
) -> None:
    stylize_data(data, tmp_path / "one", randomizer, settings())
    stylize_data(data, tmp_path / "two", randomizer, settings(), workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_shards_in_any_order(
    done: StylizedData,
    data: impasto.sources.Source,
    randomizer: StyleRandomizer,
    tmp_path: Path,
    settings: Settings,
    contents: Contents,
) -> None:
    settings = settings(keep_original=True)
    for number in reversed(range(settings.shards(ROWS))):
        stylize_shard(data, tmp_path, randomizer, settings, number)
    expected = contents(Path(done.shards).parent)
    assert contents(tmp_path) == {name: content for name, content in expected.items() if name != "job.json"}


def test_a_batch_agrees_with_single_images(
    data: impasto.sources.Source, randomizer: StyleRandomizer, tmp_path: Path, settings: Settings, samples: Samples
) -> None:
    one = stylize_data(data, tmp_path / "one", randomizer, settings(format="png"))
    many = stylize_data(data, tmp_path / "many", randomizer, settings(format="png", batch_size=4))
    for single, together in zip(samples(one).values(), samples(many).values(), strict=True):
        pixels = [np.asarray(PIL.Image.open(io.BytesIO(members["png"]))).astype(int) for members in (single, together)]
        assert np.abs(pixels[0] - pixels[1]).max() <= 1
        assert single["json"] == together["json"]


@pytest.mark.parametrize("alpha", [(0.2, 0.8), Beta(2.0, 2.0)], ids=str)
def test_alpha_and_ratio_are_drawn(
    alpha: Any,
    data: impasto.sources.Source,
    randomizer: StyleRandomizer,
    tmp_path: Path,
    settings: Settings,
    samples: Samples,
) -> None:
    settings = settings(alpha=alpha, ratio="1:1", copies=6)
    done = stylize_data(data, tmp_path / "out", randomizer, settings)
    records = [json.loads(members["json"]) for members in samples(done).values()]
    alphas = [record["alpha"] for record in records if record["stylized"]]
    assert 10 < len(alphas) == done.stylized < 32
    assert len(set(alphas)) == len(alphas)
    assert stylize_data(data, tmp_path / "out", randomizer, settings).done_before == 9
    drawn = [draw_style(randomizer, settings, records[0]["key"], copy) is not None for copy in range(1, 7)]
    assert drawn == [record["stylized"] for record in records[::ROWS]]


@pytest.mark.parametrize("format", ["jpg", "png"])
def test_copies_stay_upright(
    photographs: dict[str, np.ndarray], randomizer: StyleRandomizer, tmp_path: Path, format: str, samples: Samples
) -> None:
    exif, file = PIL.Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    PIL.Image.fromarray(photographs["chelsea"][:40, :64]).save(file, "JPEG", exif=exif)
    data = impasto.sources.Sequence([(file.getvalue(), "turned")])
    done = stylize_data(data, tmp_path / "out", randomizer, StylizeSettings(format=format))
    (sample,) = samples(done).values()
    assert ops.probe(sample[format])[1:4] == (64, 40, 6)


def test_sizes(
    data: impasto.sources.Source, randomizer: StyleRandomizer, tmp_path: Path, settings: Settings, samples: Samples
) -> None:
    done = stylize_data(data, tmp_path / "out", randomizer, settings(size=32, copies=1, keep_original=True))
    records = [json.loads(members["json"]) for members in samples(done).values()]
    assert {(record["width"], record["height"]) for record in records} == {(32, 24), (24, 32), (32, 32)}


@pytest.mark.gpu
def test_on_a_gpu(
    data: impasto.sources.Source, model: StyleModel, tmp_path: Path, settings: Settings, samples: Samples
) -> None:
    cpu = stylize_data(data, tmp_path / "cpu", StyleRandomizer(model), settings(format="png"))
    randomizer = StyleRandomizer(model).cuda()
    with float32_as("ieee"):
        gpu = stylize_data(data, tmp_path / "gpu", randomizer, settings(format="png"), workers=2)
    for one, other in zip(samples(cpu).values(), samples(gpu).values(), strict=True):
        pixels = [np.asarray(PIL.Image.open(io.BytesIO(members["png"]))).astype(int) for members in (one, other)]
        assert np.abs(pixels[0] - pixels[1]).max() <= 1
        assert one["json"] == other["json"]
