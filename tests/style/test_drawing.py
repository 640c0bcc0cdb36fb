"""What is drawn: which rows, at which strengths."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto import Beta, RecipeError, StyleRandomizer
from impasto.style.randomize.draw import choose, share
from impasto.style.randomize.strength import draw_alpha


class TestRatio:
    """16:1 to 1:32."""

    @pytest.mark.parametrize(
        ("ratio", "expected"), [("16:1", 1 / 17), ("1:32", 32 / 33), ((1, 1), 0.5), ("0:1", 1), (0.25, 0.25)]
    )
    def test_the_share(self, ratio, expected):
        assert share(ratio) == pytest.approx(expected)

    @pytest.mark.parametrize(
        "ratio", ["", "1", "a:b", "1:2:3", "-1:2", "0:0", (1,), 1.5, -0.1, None, float("nan"), "1:inf"]
    )
    def test_what_is_none(self, ratio):
        with pytest.raises(RecipeError, match="ratio="):
            share(ratio)

    @given(count=st.integers(0, 40), part=st.floats(0, 1), seed=st.integers(0, 1000))
    def test_rows_are_a_set_of_the_right_size(self, count, part, seed):
        rows = choose(count, part, np.random.default_rng(seed))
        assert len(rows) in {int(count * part), min(int(count * part) + 1, count)}
        assert rows.tolist() == sorted(set(rows.tolist())) and all(0 <= row < count for row in rows)

    @pytest.mark.parametrize("ratio", ["16:1", "2:1", "1:32"])
    def test_the_mean_is_right_and_every_row_has_its_turn(self, ratio):
        rng, tries, count = np.random.default_rng(0), 4000, 7
        hits = np.zeros(count)
        for _ in range(tries):
            hits[choose(count, share(ratio), rng)] += 1
        wanted = share(ratio)
        assert np.allclose(hits / tries, wanted, atol=5 * np.sqrt(wanted * (1 - wanted) / tries))

    def test_only_chosen_rows_run_through_the_networks(self, model, images):
        stylize, seen = StyleRandomizer(model, ratio=0.2), []
        stylize(images)  # now there are forms to listen to
        for network in stylize.painter._prepared.values():
            network.register_forward_pre_hook(lambda _, arguments: seen.append(len(arguments[0])))
        stylize(images)
        assert seen == [1, 1]
        seen.clear()
        stylize(images, alpha=1.0)
        assert seen == [1]  # at alpha 1 nobody asks the predictor
        stylize(images, rows=[])
        assert seen == [1]


class TestAlpha:
    """A number, a range, a distribution."""

    @pytest.mark.parametrize(
        ("alpha", "mean"),
        [
            (0.3, 0.3),
            ((0.2, 0.4), 0.3),
            (Beta(3, 7), 0.3),
            (torch.distributions.Uniform(0.2, 0.4), 0.3),
            (torch.distributions.Beta(3.0, 7.0), 0.3),
            (1, 1.0),
            (0, 0.0),
            (torch.distributions.Bernoulli(0.3), 0.3),
        ],
    )
    def test_what_is_drawn(self, alpha, mean):
        values = draw_alpha(alpha, 5000, np.random.default_rng(0))
        assert values.dtype == torch.float32 and values.shape == (5000,)
        assert float(values.min()) >= 0 and float(values.max()) <= 1
        assert float(values.mean()) == pytest.approx(mean, abs=0.03)
        assert torch.equal(values, draw_alpha(alpha, 5000, np.random.default_rng(0)))

    @pytest.mark.parametrize(
        "alpha",
        [
            -0.1,
            1.1,
            float("nan"),
            "0.5",
            True,
            None,
            (0.5,),
            (0.9, 0.1),
            (0.0, 1.5),
            torch.distributions.Normal(0.5, 0.1),
            torch.distributions.Uniform(0.0, 2.0),
            torch.distributions.Beta(torch.ones(2), torch.ones(2)),
        ],
    )
    def test_what_makes_no_sense(self, model, images, alpha):
        with pytest.raises(RecipeError, match="alpha="):
            StyleRandomizer(model, alpha=alpha)
        if alpha is not None:
            with pytest.raises(RecipeError, match="alpha="):
                StyleRandomizer(model)(images, alpha=alpha)

    @pytest.mark.parametrize("alpha", [torch.tensor([0.5, 0.5]), torch.full((5,), 1.5), torch.tensor(float("nan"))])
    def test_tensors_that_make_no_sense(self, model, images, alpha):
        with pytest.raises(RecipeError, match="alpha"):
            StyleRandomizer(model)(images, alpha=alpha)

    def test_one_of_each_image_goes_with_its_row(self, model):
        alphas = torch.linspace(0, 1, 5)
        plan = StyleRandomizer(model).draw(5, alpha=alphas, rows=[4, 1])
        assert plan.alphas.tolist() == [1.0, 0.25]
