"""Samples that can't be stylized: named, or skipped and written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import impasto
from impasto.jobs import StylizedData, StylizeSettings, stylize_data
from impasto.style import StyleRandomizer

Settings = Callable[..., StylizeSettings]
Samples = Callable[[StylizedData], dict[str, dict[str, bytes]]]


def test_a_sample_that_cannot_be_used_is_named(
    broken: impasto.sources.Sequence, randomizer: StyleRandomizer, tmp_path: Path, settings: Settings
) -> None:
    with pytest.raises(impasto.TruncatedImageError) as caught:
        stylize_data(broken, tmp_path / "out", randomizer, settings())
    assert caught.value.key == broken.key(1)


def test_skipping_writes_down_what_was_skipped(
    broken: impasto.sources.Sequence,
    randomizer: StyleRandomizer,
    tmp_path: Path,
    settings: Settings,
    samples: Samples,
) -> None:
    with pytest.raises(impasto.TruncatedImageError):
        stylize_data(broken, tmp_path / "out", randomizer, settings(shard_size=3))
    done = stylize_data(broken, tmp_path / "out", randomizer, settings(shard_size=3, on_error="skip"))
    assert (done.images, len(done.bad)) == (4, 4)
    lines = (tmp_path / "out" / "bad_samples.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(done.bad)
    found = [(entry["row"], entry["copy"], entry["error"], entry["key"]) for entry in done.bad]
    assert found == [
        (1, 1, "TruncatedImageError", broken.key(1)),
        (3, 1, "RecipeError", broken.key(3)),
        (1, 2, "TruncatedImageError", broken.key(1)),
        (3, 2, "RecipeError", broken.key(3)),
    ]
    assert "too small" in done.bad[1]["reason"]
    assert list(samples(done)) == ["00000000_01", "00000002_01", "00000000_02", "00000002_02"]
    assert len(impasto.sources.WebDataset(done.shards)) == 4
    nothing = impasto.sources.Sequence([(b"not an image", "x")])
    with pytest.raises(impasto.SourceError, match="not one image could be used"):
        stylize_data(nothing, tmp_path / "none", randomizer, settings(on_error="skip"))
