"""The bench of packed shards, small: it compares before it times, and keeps what its table says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from impasto_lab.bench.answers import AnswersDifferError
from impasto_lab.bench.packing import measuring
from impasto_lab.bench.settings import PackingTiming

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")
SMALL = PackingTiming(images=8, batch_size=4, rounds=1)


def test_every_way_is_measured() -> None:
    document = json.loads(json.dumps(measuring.run(SMALL).as_dict()))
    ways = {way["name"]: way for way in document["ways"]}
    assert list(ways) == ["files", *measuring.WAYS]
    assert all(way["images_per_second"] > 0 for way in ways.values())
    assert ways["shrunk"]["kilobytes"] < ways["kept"]["kilobytes"] < ways["pixels"]["kilobytes"]
    assert ways["shrunk"]["psnr"] > ways["shrunk"]["psnr_worst"] > 35 and ways["kept"]["psnr"] is None
    assert document["ratio_to_files"] == ways["shrunk"]["ratio_to_files"] and document["ratio_to_peer"] > 0


def test_files_have_the_quality_that_is_asked_for() -> None:
    coarse, fine = (measuring.run(replace(SMALL, quality=quality)).as_dict()["ways"][0] for quality in (50, 95))
    assert coarse["kilobytes"] < 0.6 * fine["kilobytes"] and "quality 95" in fine["title"]


def test_a_way_that_loses_something_is_not_timed_as_one_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(measuring.WAYS, "restart rows", measuring.WAYS["shrunk"])
    with pytest.raises(AnswersDifferError, match="changes what the files give"):
        measuring.run(SMALL)
