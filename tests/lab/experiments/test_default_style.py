"""The model that comes with impasto does what its card says, on contents and styles that it was not trained on."""

from __future__ import annotations

from pathlib import Path

from impasto.style import StyleModel, load_features
from impasto.style.model import DEFAULT
from impasto_lab.experiments.default_style.card import card
from impasto_lab.experiments.default_style.falling import falls

ROOT = Path(__file__).parents[3]


def test_the_card_says_what_is_measured() -> None:
    """On the file as it is: a figure of its header is what somebody wrote there."""
    model = StyleModel.load()
    found = falls(model, load_features("small"))
    assert DEFAULT.with_name("README.md").read_text(encoding="utf-8") == card(model, found)
    assert f"falls by {found['all']:.1f} times" in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert found["all"] > 3 and min(found.values()) > 1.5
    assert DEFAULT.stat().st_size < 4_000_000
