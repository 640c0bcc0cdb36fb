"""Losses against the formulas written out, and what the balanced ones promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

import impasto
from impasto.style.networks.features import SmallVGG, moments
from impasto.style.transfer.losses import BalancedStyleLoss, content_loss, gram, style_loss, total_variation
from impasto.style.transfer.objectives import BalancedObjective, MagentaObjective


@pytest.fixture
def images() -> Tensor:
    return torch.rand(3, 3, 20, 24, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("normalization", "divisor"), [("positions", 20 * 24), ("elements", 3 * 20 * 24), ("none", 1)])
def test_gram_is_sums_of_products(images: Tensor, normalization: str, divisor: int) -> None:
    pixels = images.double().numpy()
    found = gram(images.double(), normalization).numpy()  # type: ignore[arg-type]
    for row in range(3):
        for one in range(3):
            for other in range(3):
                expected = (pixels[row, one] * pixels[row, other]).sum() / divisor
                assert found[row, one, other] == pytest.approx(expected)


def test_gram_does_not_see_places(images: Tensor) -> None:
    order = torch.randperm(20 * 24, generator=torch.Generator().manual_seed(2))
    moved = images.flatten(2)[..., order].view_as(images)
    torch.testing.assert_close(gram(moved), gram(images))
    torch.testing.assert_close(moments(moved), moments(images))


def test_style_loss_is_the_mean_square_of_differences_added_over_layers(images: Tensor) -> None:
    other = images.flip(0)[:, :, :11]
    expected = sum(((gram(a) - gram(b)) ** 2).mean(dim=(1, 2)) for a, b in ((images, other), (images**2, other**2)))
    torch.testing.assert_close(style_loss([images, images**2], [other, other**2]), expected)
    assert style_loss([images], [images]).abs().max() == 0


def test_a_style_of_a_strength_aims_between_two_gram_matrices(images: Tensor) -> None:
    other, alpha = images.flip(0)[:, :, :11], torch.tensor([0.0, 0.25, 1.0])
    between = alpha.view(-1, 1, 1) * gram(other) + (1 - alpha.view(-1, 1, 1)) * gram(images)
    expected = ((gram(images**2) - between) ** 2).mean(dim=(1, 2))
    torch.testing.assert_close(style_loss([images**2], [other], contents=[images], alpha=alpha), expected)
    with pytest.raises(impasto.RecipeError, match="go together"):
        style_loss([images], [images], alpha=alpha)


def test_total_variation_is_half_the_mean_of_squared_steps(images: Tensor) -> None:
    pixels = images.double().numpy()
    expected = [(np.square(np.diff(p, axis=1)).mean() + np.square(np.diff(p, axis=2)).mean()) / 2 for p in pixels]
    np.testing.assert_allclose(total_variation(images.double()).numpy(), expected)
    # Magenta writes it as sums of l2_loss over (H - 1) W C and H (W - 1) C.
    down, right = np.square(np.diff(pixels[0], axis=1)).sum() / 2, np.square(np.diff(pixels[0], axis=2)).sum() / 2
    assert total_variation(images.double())[0] == pytest.approx(down / (19 * 24 * 3) + right / (20 * 23 * 3))


def test_unrelated_styles_are_about_one_apart_in_every_term() -> None:
    torch.manual_seed(3)
    network = SmallVGG(widths=(4, 4, 8, 8)).requires_grad_(False)
    # Styles that differ in contrast by a hundred, and features whose layers differ in scale by a thousand.
    contrasts = torch.logspace(-2, 0, 40)[:, None, None, None]
    styles = 0.5 + (torch.rand(40, 3, 32, 32) - 0.5) * contrasts
    for number, block in enumerate(network.blocks):
        block.convs[-1].weight *= 10.0**number
    loss = BalancedStyleLoss(network)
    found = loss.statistics(styles)
    loss.calibrate(found)
    for name, term in loss.terms({name: values.roll(1, 0) for name, values in found.items()}, found).items():
        assert 0.05 < float(term.mean()) < 3, name
    assert loss(found, found).abs().max() < 1e-6


@pytest.mark.parametrize("kind", ["balanced", "magenta"])
def test_an_objective_is_least_where_it_should_be(images: Tensor, kind: str) -> None:
    torch.manual_seed(4)
    network = SmallVGG(widths=(4, 4, 8, 8)).requires_grad_(False)
    styles = torch.rand(3, 3, 20, 24)
    alpha = torch.tensor([1.0, 0.0, 0.5])
    objective = BalancedObjective(network, styles) if kind == "balanced" else MagentaObjective(network)
    as_style = objective(styles, images, styles, torch.ones(3), 0.5)
    as_content = objective(images, images, styles, torch.zeros(3), 0.5)
    assert as_style["style"] == pytest.approx(0, abs=1e-9)
    assert as_style["content"] > 0
    # At strength 0 the content itself is what is asked for.
    assert as_content["content"] == pytest.approx(0, abs=1e-9)
    assert as_content["style"] == pytest.approx(0, abs=1e-9)
    painted = images.clone().requires_grad_()
    between = objective(painted, images, styles, alpha, 0.5)
    torch.autograd.backward(between["loss"])
    assert painted.grad is not None
    assert (painted.grad.flatten(1).norm(dim=1) > 0).all()
    assert between["loss"].isfinite()


def test_a_style_weight_that_grows(images: Tensor) -> None:
    torch.manual_seed(1)  # of four channels, all of a layer may be dead
    objective = BalancedObjective(SmallVGG(widths=(4, 4, 4, 4)).requires_grad_(False), images, style_weight=(1.0, 5.0))
    arguments = (images.flip(0), images, images.flip(1), torch.ones(3))
    first, last = objective(*arguments, 0.0), objective(*arguments, 1.0)
    assert last["loss"] - first["loss"] == pytest.approx(4 * float(first["style"]), rel=1e-4)


def test_an_objective_asks_classifiers_what_they_call_a_picture(images: Tensor) -> None:
    """By a classifier of two names whose answer for every picture is its mean, and its negative."""
    torch.manual_seed(1)  # of four channels, all of a layer may be dead

    def namer(seen: Tensor) -> tuple[list[Tensor], Tensor]:
        mean = seen.mean(dim=(1, 2, 3))
        return [seen], torch.stack([4 * mean, -4 * mean], dim=1)

    features = SmallVGG(widths=(4, 4, 4, 4)).requires_grad_(False)
    objective = BalancedObjective(features, images, namers=[namer], naming_weight=2.0)
    blind = BalancedObjective(features, images, namers=[namer])
    ones = torch.ones(3)
    assert objective(images, images, images.flip(0), ones, 0.5)["naming"] == pytest.approx(0, abs=1e-7)
    painted = (images / 2).requires_grad_()
    found = objective(painted, images, images, ones, 0.5)
    was, said = (torch.sigmoid(8 * seen.mean(dim=(1, 2, 3))) for seen in (images, painted))
    apart = was * (was / said).log() + (1 - was) * ((1 - was) / (1 - said)).log()
    assert torch.allclose(found["naming"], apart.mean())
    assert torch.allclose(found["loss"], blind(painted, images, images, ones, 0.5)["loss"] + 2 * apart.mean())
    assert {"gram5", "moments5"} <= objective.style.statistics(images).keys()
    torch.autograd.backward(found["naming"])
    assert painted.grad is not None and (painted.grad < 0).all()  # they should be brighter


def test_an_objective_counts_what_is_left_of_a_style_loss_by_its_logarithm(images: Tensor) -> None:
    """Against Gram matrices by NumPy, of pixels and of a classifier that looks at their squares."""
    objective = BalancedObjective(
        lambda seen: [seen, seen / 2, seen / 4],
        images,
        namers=[lambda seen: ([seen.square()], seen.flatten(1)[:, :2])],
        fall_weight=3.0,
    )
    painted, contents, styles = images / 2, images, images.flip(0)
    alpha = torch.tensor([1.0, 0.5, 0.0])
    found = objective(painted, contents, styles, alpha, 0.0)

    def grams(layer: Tensor) -> np.ndarray:
        flat = layer.numpy().reshape(3, 3, -1).astype(np.float64)
        return np.einsum("bcp,bdp->bcd", flat, flat) / flat.shape[2]

    left = []
    for layers in (lambda seen: [seen, seen / 2, seen / 4], lambda seen: [seen.square()]):
        loss, own = np.zeros(3), np.zeros(3)
        for one, plain, drawn in zip(layers(painted), layers(contents), layers(styles), strict=True):
            share = alpha.numpy()[:, None, None]
            wanted = (1 - share) * grams(plain) + share * grams(drawn)
            loss += np.square(grams(one) - wanted).mean(axis=(1, 2))
            own += np.square(grams(plain) - grams(drawn)).mean(axis=(1, 2))
        # The second is its own style, and counts as whole.
        left.append(np.log(np.divide(loss, own, out=np.ones(3), where=own > 0) + 0.02).mean())
    assert found["fall"] == pytest.approx(np.mean(left), rel=1e-5)
    assert found["loss"] == pytest.approx(
        float(
            found["style"] * 0.3
            + found["content"]
            + found["variation"] / 2
            + found["identity"] * 10
            + found["fall"] * 3
        ),
        rel=1e-5,
    )


def test_bad_input(images: Tensor) -> None:
    with pytest.raises(impasto.RecipeError, match="normalization='pixels'"):
        gram(images, "pixels")  # type: ignore[arg-type]
    with pytest.raises(impasto.RecipeError, match="1 layers against 2"):
        style_loss([images], [images, images])
    with pytest.raises(impasto.RecipeError, match="at least two style images"):
        BalancedObjective(SmallVGG(), images[:1])
    with pytest.raises(impasto.RecipeError, match="naming_weight needs namers"):
        BalancedObjective(SmallVGG(), images, naming_weight=1.0)
    assert content_loss(images, images).shape == (3,)
