"""The randomizer: what it does to which rows, and what its styles depend on."""

from __future__ import annotations

import pytest
import torch

from impasto import BatchId, RecipeError, StyleRandomizer
from impasto.style.embedding import interpolate
from impasto.style.randomize.draw import StylePlan

from .conftest import SIZE, as_dtype


def by_hand(model, images, embeddings, alphas):
    """z = alpha e + (1 - alpha) P(c), painted."""
    with torch.no_grad():
        alphas = torch.as_tensor(alphas).reshape(-1, 1)
        return model.transformer(images, alphas * embeddings + (1 - alphas) * model.predictor(images))


def test_it_paints_what_the_formula_says(model, images):
    embeddings = torch.randn(5, SIZE)
    alphas = torch.linspace(0, 1, 5)
    out = StyleRandomizer(model)(images, embeddings=embeddings, alpha=alphas)
    assert torch.allclose(out, by_hand(model, images, embeddings, alphas), atol=1e-6)
    mean = StyleRandomizer(model, base="mean", alpha=0.25)(images, embeddings=embeddings)
    with torch.no_grad():
        wanted = model.transformer(images, 0.25 * embeddings + 0.75 * model.content_mean)
    assert torch.allclose(mean, wanted, atol=1e-6)


def test_a_plan_is_what_was_done(model, images):
    stylize = StyleRandomizer(model, alpha=(0.2, 0.9), ratio="1:1", seed=4)
    plan = StyleRandomizer(model, alpha=(0.2, 0.9), ratio="1:1", seed=4).draw(5)
    out = stylize(images)
    assert torch.equal(out, stylize(images, plan))
    chosen = images[plan.rows]
    assert torch.allclose(out[plan.rows], by_hand(model, chosen, plan.embeddings, plan.alphas), atol=1e-6)
    others = sorted(set(range(5)) - set(plan.rows.tolist()))
    assert others and torch.equal(out[others], images[others])
    assert len(plan) == 5 and str(plan) in repr(plan) and "@" in str(plan)


def test_random_styles_follow_the_distribution(model):
    plan = StyleRandomizer(model).draw(20000)
    own = model.distribution
    assert torch.allclose(plan.embeddings.mean(dim=0), own.mean, atol=0.1)
    assert torch.allclose(torch.cov(plan.embeddings.T), own.covariance, atol=0.05 * float(own.covariance.abs().max()))


def test_a_seed_and_the_number_of_calls_decide(model, images):
    stylize, again, other = (StyleRandomizer(model, seed=seed) for seed in (3, 3, 4))
    first, second = stylize(images), stylize(images)
    assert torch.equal(first, again(images)) and torch.equal(second, again(images))
    assert not torch.equal(first, second) and not torch.equal(first, other(images))
    resumed = StyleRandomizer(model, seed=3)
    resumed.load_state_dict(stylize.state_dict())
    assert torch.equal(resumed(images), again(images))


def test_a_batch_s_id_decides_alone(model, images):
    """Whoever called before, and whatever the rank's own count is."""
    one, other = StyleRandomizer(model, alpha=(0, 1), seed=3), StyleRandomizer(model, alpha=(0, 1), seed=3)
    other(images)
    at = BatchId(epoch=1, step=7, number=47)
    assert torch.equal(one(images, id=at), other(images, id=at))
    plan = one.draw(5, id=BatchId(epoch=1, step=7))
    assert torch.equal(plan.embeddings, other.draw(5, id=at).embeddings)
    for id in (BatchId(epoch=7, step=1), BatchId(epoch=1, step=8), BatchId(epoch=0, step=7)):
        assert not torch.equal(one.draw(5, id=id).embeddings, plan.embeddings)
    assert torch.equal(one(images), StyleRandomizer(model, alpha=(0, 1), seed=3)(images))  # those were no calls
    with pytest.raises(RecipeError, match="not both"):
        one(images, id=at, generator=torch.Generator())
    with pytest.raises(RecipeError, match=r"such as batch\.id, not int"):
        one(images, id=7)
    with pytest.raises(RecipeError, match="has its id already"):
        one(images, plan, id=at)


def test_torchs_global_generator_is_left_alone(model, images):
    state = torch.get_rng_state()
    StyleRandomizer(model, alpha=torch.distributions.Uniform(0.1, 0.4), ratio=0.5)(images)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_generator_instead_of_the_seed(model, images):
    def run(seed):
        return StyleRandomizer(model, seed=seed)(images, generator=torch.Generator().manual_seed(8))

    assert torch.equal(run(0), run(1))
    stylize, same = StyleRandomizer(model), StyleRandomizer(model)
    stylize(images, generator=torch.Generator())
    assert torch.equal(stylize(images), same(images))  # it was no call of the seed's


def test_views_get_the_same_styles(model, images):
    stylize = StyleRandomizer(model, base="mean", alpha=(0, 1), ratio="1:2")
    views = stylize([images, images.clone(), images[..., :20]])
    assert isinstance(views, list) and torch.equal(views[0], views[1])
    assert views[2].shape == (5, 3, 33, 20)
    pair = stylize((images, images))
    assert isinstance(pair, tuple) and torch.equal(*pair)
    with pytest.raises(RecipeError, match="different batch sizes"):
        stylize([images, images[:2]])
    with pytest.raises(RecipeError, match="no view"):
        stylize([])


def test_one_style_for_the_batch(model, images):
    plan = StyleRandomizer(model, shared=True, alpha=(0, 1)).draw(5)
    assert len(plan.embeddings.unique(dim=0)) == len(plan.alphas.unique()) == 1
    plan = StyleRandomizer(model, alpha=(0, 1)).draw(5)
    assert len(plan.embeddings.unique(dim=0)) == len(plan.alphas.unique()) == 5


def test_style_images(model, images):
    stylize = StyleRandomizer(model)
    styles = torch.rand(5, 3, 40, 17)
    with torch.no_grad():
        embeddings = model.predictor(styles)
    assert torch.allclose(stylize.predict(styles), embeddings, atol=1e-6)
    out = stylize(images, styles=styles, alpha=1)
    assert torch.allclose(out, by_hand(model, images, embeddings, torch.ones(5)), atol=1e-6)
    one = stylize(images, styles=styles[0], alpha=1)
    assert torch.allclose(one, by_hand(model, images, embeddings[:1], torch.ones(5)), atol=1e-6)
    as_bytes = stylize(images, styles=as_dtype(styles, torch.uint8), alpha=1)
    assert torch.allclose(as_bytes, out, atol=0.05)
    with pytest.raises(RecipeError, match="not both"):
        stylize(images, styles=styles, embeddings=embeddings)
    with pytest.raises(RecipeError, match=r"style images\) are \[2, 6\]; here they may be \[6\], \[1, 6\], \[5, 6\]"):
        stylize(images, styles=styles[:2])
    with pytest.raises(RecipeError, match="styles of 40x15 pixels are too small: the style predictor needs"):
        stylize(images, styles=styles[..., :15])
    with pytest.raises(RecipeError, match="styles must have 3 channels"):
        stylize(images, styles=styles[:, :1])
    with pytest.raises(RecipeError, match="styles must lie in"):
        stylize(images, styles=styles - 0.5)


def test_explicit_styles_are_for_all_rows_unless_rows_are_given(model, images):
    stylize = StyleRandomizer(model, ratio="16:1")
    embeddings = torch.randn(5, SIZE)
    everywhere = stylize(images, embeddings=embeddings)
    assert not any(torch.equal(a, b) for a, b in zip(everywhere, images, strict=True))
    some = stylize(images, embeddings=embeddings, rows=[3, 1])
    same = stylize(images, embeddings=embeddings[[3, 1]], rows=torch.tensor([3, 1]))
    masked = stylize(images, embeddings=embeddings, rows=torch.tensor([False, True, False, True, False]))
    for out in (some, same, masked):
        assert torch.equal(out[[0, 2, 4]], images[[0, 2, 4]])
        assert torch.allclose(out[[1, 3]], everywhere[[1, 3]], atol=1e-6)


@pytest.mark.parametrize(
    ("rows", "message"),
    [([5], "0..4"), ([-1], "0..4"), ([1, 1], "twice"), ([0.5], "numbers"), ([True, False], "bool"), ([[0]], "numbers")],
)
def test_rows_that_are_none(model, images, rows, message):
    with pytest.raises(RecipeError, match=message):
        StyleRandomizer(model)(images, rows=rows)


def test_interpolation_has_both_ends():
    start, end = torch.randn(2, SIZE), torch.randn(2, SIZE)
    way = interpolate(start, end, 5)
    assert way.shape == (5, 2, SIZE)
    assert torch.equal(way[0], start) and torch.equal(way[-1], end)
    # half-way between numbers that nearly cancel, rounding is a large share of what is left
    assert torch.allclose(way[2], (start + end) / 2, atol=1e-6)
    for wrong in ((start, end, 1), (start, end[:1], 3), (start.long(), end.long(), 3)):
        with pytest.raises(RecipeError):
            interpolate(*wrong)


def test_a_plan_can_be_made_by_hand(model, images):
    plan = StylePlan(5, torch.tensor([2]), torch.zeros(1, SIZE), torch.tensor([1.0]))
    out = StyleRandomizer(model)(images, plan)
    assert torch.equal(out[[0, 1, 3, 4]], images[[0, 1, 3, 4]]) and not torch.equal(out[2], images[2])
