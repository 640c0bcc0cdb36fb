"""The model that comes with impasto does what its card says, on contents and styles that it was not trained on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from impasto import StyleRandomizer
from impasto.style import EmbeddingMixture, StyleModel, load_features, style_loss
from impasto.style.model import DEFAULT
from impasto_lab.experiments.default_style.card import card
from impasto_lab.experiments.default_style.held_out import photographs, styles
from impasto_lab.tasks.train_style import OBJECTIVE_LAYERS

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_the_card_says_what_is_measured() -> None:
    """On the file as it is: a figure of its header is what somebody wrote there."""
    model = StyleModel.load()
    measures, features = model.about["measures"], load_features("small")

    def layers(images: torch.Tensor) -> list[torch.Tensor]:
        return list(features.extract(images, OBJECTIVE_LAYERS).values())

    wanted, stylize = styles(), StyleRandomizer(model)
    target = layers(wanted)
    for name in ("rocket", "hopper"):
        plain = photographs()[name].expand(len(wanted), -1, -1, -1)
        painted = stylize(plain, styles=wanted, alpha=1.0)
        fall = (style_loss(layers(plain), target) / style_loss(layers(painted), target)).median()
        assert float(fall) == pytest.approx(measures["fall_photographs"][name], rel=0.02)
        assert torch.equal(stylize(plain, styles=wanted, alpha=0.0), plain)
    assert DEFAULT.with_name("README.md").read_text(encoding="utf-8") == card(model)
    assert f"falls by {measures['fall']['trained']:.1f} times" in " ".join(
        (ROOT / "README.md").read_text(encoding="utf-8").split()
    )
    assert model.give_back
    assert isinstance(model.distribution, EmbeddingMixture)
    assert DEFAULT.stat().st_size < 4_000_000
