"""The relatives against their papers' formulas in numpy, and the promises that all of them make."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from torch import nn

from impasto import BatchId, ImageRecipe, Loader, Recipe, RecipeError, StyleRandomizer
from impasto.sources import Sequence
from impasto.style import AmplitudeMix, MixStyle, PartnerPlan, PartnerStyle, PixMix

from .conftest import apart, as_dtype, tiny_model

PICTURES = [
    torch.from_numpy(np.ascontiguousarray(np.moveaxis(data.coffee()[:90, :120], -1, 0))),
    data.chelsea()[:40, :30],
]
MAKERS: dict[str, Callable[..., nn.Module]] = {
    "amplitude": AmplitudeMix,
    "partner": lambda **options: PartnerStyle(StyleRandomizer(tiny_model(), alpha=0.5), **options),
    "pixmix": lambda **options: PixMix(PICTURES, **options),
}


@pytest.fixture(params=MAKERS)
def make(request) -> Callable[..., nn.Module]:
    return MAKERS[request.param]


@given(
    count=st.integers(0, 9),
    share=st.floats(0, 1),
    domains=st.lists(st.integers(0, 2), min_size=9, max_size=9),
    seed=st.integers(0, 99),
)
@settings(max_examples=200, deadline=None)
def test_partners_are_others_and_of_other_domains(count, share, domains, seed) -> None:
    for given_domains in (None, domains[:count]):
        plan = AmplitudeMix(ratio=share, seed=seed).draw(count, domains=given_domains)
        rows, partners = plan.rows.tolist(), plan.partners.tolist()
        assert len(rows) == len(set(rows)) == len(partners) == len(plan.alphas)
        assert all(0 <= partner < count and partner != row for row, partner in zip(rows, partners, strict=True))
        if given_domains is None:
            assert count < 2 or int(count * share) <= len(rows) <= count * share + 1
        else:
            assert all(domains[row] != domains[partner] for row, partner in zip(rows, partners, strict=True))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.float32])
def test_every_promise_of_a_module(make, images, dtype) -> None:
    images = as_dtype(images, dtype)
    before, id = images.clone(), BatchId(epoch=2, step=5)
    module = make(seed=4, ratio="1:1")
    changed = module(images, id=id)
    assert torch.equal(images, before)
    assert (changed.shape, changed.dtype) == (images.shape, dtype)
    plan = module.draw(len(images), id=id)
    still = sorted({*range(5)} - {*plan.rows.tolist()})
    assert torch.equal(changed[still], images[still])
    assert not torch.equal(changed, images)
    # Ids, not calls, decide; calls are part of the state; plans replay on views.
    module(images)
    assert torch.equal(module(images, id=id), changed)
    twin = make(seed=4, ratio="1:1")
    twin.load_state_dict(module.state_dict())
    assert torch.equal(twin(images), module(images))
    assert torch.equal(module([images, images.flip(-1)], plan)[0], changed)
    assert not torch.equal(make(seed=5, ratio="1:1")(images, id=id), changed)
    assert module.eval()(images, id=id) is images


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_memory_formats_are_kept(make, images, dtype) -> None:
    last, module = as_dtype(images, dtype).contiguous(memory_format=torch.channels_last), make(seed=4)
    first, plan = last.contiguous(), module.draw(len(images))
    changed = module([last, first], plan)
    assert [view.stride() for view in changed] == [last.stride(), first.stride()]
    assert apart(*changed)[0] < 1e-3


def test_one_image_is_changed_where_it_needs_no_other(make, images) -> None:
    module, image = make(seed=4, in_eval=True), images[0]
    if module.partnered:
        for mode in (True, False):
            with pytest.raises(RecipeError, match=r"takes from another image of the batch.*give a batch"):
                module.train(mode)(image)
        module.in_eval = False
        assert module(image) is image
        return
    plan = next(plan for plan in (module.draw(1) for _ in range(20)) if plan.rounds[0])
    assert torch.equal(module(image, plan), module(image[None], plan)[0])
    assert not torch.equal(module(image, plan), image)


def test_a_mapping_is_changed(make, images) -> None:
    module, id = make(seed=4), BatchId()
    changed = module({"images": images, "labels": [1, 2, 3, 4, 5]}, id=id)
    assert changed["labels"] == [1, 2, 3, 4, 5] and torch.equal(changed["images"], module(images, id=id))


def test_a_loaders_batch_is_changed_as_its_images_in_the_unit_range(make, pairs) -> None:
    source = Sequence([(str(path), captions) for path, captions in pairs[:6]])

    def batch(normalize):
        recipe = Recipe(image=ImageRecipe(size=48, normalize=normalize, exact=True), text=None)
        return next(iter(Loader(source, recipe, batch_size=6, shuffle=False, workers=0)))

    plain, normal = batch(None), batch("clip")
    module = make(seed=1)
    mean, std = (torch.tensor(part)[:, None, None] for part in ImageRecipe(normalize="clip").mean_std)
    expected = module(plain.images, id=plain.id)
    # Copies of PixMix are made in 8 bits, which a rounding may tip over.
    mean_apart, few_apart = apart(module(normal).images * std + mean, expected)
    assert mean_apart < 1e-3, (mean_apart, few_apart)


@pytest.mark.parametrize("band", [1.0, 0.4])
def test_amplitudes_are_mixed_and_phases_kept(images, band) -> None:
    module = AmplitudeMix(alpha=(0.2, 0.9), band=band, seed=3)
    plan = module.draw(len(images))
    found = module(images, plan).numpy()
    spectra = np.fft.fft2(images.double().numpy())
    rows, columns = (abs(np.fft.fftfreq(side)) <= band / 2 for side in images.shape[-2:])
    low = rows[:, None] & columns
    for row, partner, alpha in zip(plan.rows, plan.partners, plan.alphas.double(), strict=True):
        share = np.where(low, alpha.item(), 0.0)
        amplitude = (1 - share) * abs(spectra[row]) + share * abs(spectra[partner])
        expected = np.fft.ifft2(amplitude * np.exp(1j * np.angle(spectra[row]))).real.clip(0, 1)
        np.testing.assert_allclose(found[row], expected, atol=2e-5)


def test_a_narrow_band_moves_the_mean_alone(images) -> None:
    module = AmplitudeMix(alpha=1.0, band=1e-6)
    dim = images * 0.5
    plan = module.draw(len(dim))
    changed = module(dim, plan)
    rest = changed - dim
    expected = (dim[plan.partners] - dim[plan.rows]).mean((2, 3), keepdim=True).expand_as(rest)
    inside = (dim[plan.rows] + expected > 0) & (dim[plan.rows] + expected < 1)
    torch.testing.assert_close(rest[plan.rows][inside], expected[inside], atol=1e-5, rtol=0)


def test_images_without_any_amplitude_stay_finite() -> None:
    changed = AmplitudeMix(alpha=1.0)(torch.stack([torch.zeros(3, 8, 8), torch.full((3, 8, 8), 0.3)]))
    torch.testing.assert_close(changed, torch.stack([torch.full((3, 8, 8), 0.3), torch.zeros(3, 8, 8)]))


def test_partner_style_is_stylizing_by_the_partners_picture(images) -> None:
    stylize = StyleRandomizer(tiny_model(), alpha=0.4)
    swap = PartnerStyle(stylize)
    plan = swap.draw(len(images))
    expected = stylize(images, styles=images[plan.partners], rows=plan.rows, alpha=0.4)
    torch.testing.assert_close(swap(images, plan), expected, atol=1e-5, rtol=0)


def test_mixstyle_is_its_equation() -> None:
    features = torch.randn(4, 3, 5, 7, generator=torch.Generator().manual_seed(0)) * 3 + 1
    plan = PartnerPlan(4, torch.tensor([0, 2, 3]), torch.tensor([1, 0, 2]), torch.tensor([0.25, 1.0, 0.0]))
    found = MixStyle()(features, plan)
    x = features.double().numpy()
    mu, sigma = x.mean((2, 3), keepdims=True), np.sqrt(x.var((2, 3), keepdims=True) + 1e-6)
    for row, partner, alpha in [(0, 1, 0.25), (2, 0, 1.0), (3, 2, 0.0)]:
        lam = 1 - alpha
        scale, shift = lam * sigma[row] + alpha * sigma[partner], lam * mu[row] + alpha * mu[partner]
        np.testing.assert_allclose(found[row], (x[row] - mu[row]) / sigma[row] * scale + shift, atol=1e-4)
    assert torch.equal(found[1], features[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_mixstyle_takes_flat_channels_in_any_dtype(dtype: torch.dtype) -> None:
    features = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(0)).double() * 100
    features[0] = torch.tensor([0.0, 300.0])[:, None, None]  # a channel that is dead, one that is only its bias
    features = features.to(dtype)
    plan = PartnerPlan(3, torch.tensor([0, 1]), torch.tensor([2, 0]), torch.tensor([1.0, 0.5]))
    mean, spread = features.double().mean((2, 3)), features.double().var((2, 3), correction=0)
    spread = (spread + 1e-6).sqrt()
    flat = mean[2][:, None, None].expand(2, 8, 8)
    normed = (features[1].double() - mean[1][:, None, None]) / spread[1][:, None, None]
    other = normed * (spread[[0, 1]].mean(0)[:, None, None]) + mean[[0, 1]].mean(0)[:, None, None]
    expected = torch.stack([flat, other, features[2].double()])
    torch.testing.assert_close(MixStyle()(features, plan), expected.to(dtype), atol=1e-6, rtol=torch.finfo(dtype).eps)


def test_mixstyle_hangs_on_layers_that_train() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Flatten())
    plain, images = copy.deepcopy(net), torch.rand(6, 3, 8, 8)
    mixstyle = MixStyle(p=1.0, alpha=1.0, seed=2)
    handles = mixstyle.attach(net[0], net[1])
    with mixstyle.at(BatchId(epoch=1, step=3)):
        first = net(images)
        plans = [mixstyle.draw(6, layer=layer) for layer in (0, 1)]
        assert torch.equal(net(images), first)
    assert not torch.equal(plans[0].partners, plans[1].partners)
    between = mixstyle(plain[0](images), plans[0])
    torch.testing.assert_close(first, plain[2](mixstyle(plain[1](between), plans[1])))
    assert not torch.equal(net(images), net(images))  # counted
    first.sum().backward()
    assert net[0].weight.grad.abs().sum() > 0
    assert torch.equal(net.eval()(images), plain(images))
    for handle in handles:
        handle.remove()
    assert torch.equal(net.train()(images), plain(images))


def test_mixstyle_keeps_memory_formats() -> None:
    features = torch.rand(4, 3, 5, 7).contiguous(memory_format=torch.channels_last)
    mixstyle = MixStyle(p=1.0)
    plan = mixstyle.draw(4)
    assert mixstyle(features, plan).stride() == features.stride()
    torch.testing.assert_close(mixstyle(features, plan), mixstyle(features.contiguous(), plan))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))])
def test_what_mixstyle_hangs_on_is_copied_with_it(copied) -> None:
    net, images = nn.Sequential(nn.Conv2d(3, 4, 3)), torch.rand(6, 3, 8, 8)
    mixstyle = MixStyle(p=1.0, alpha=1.0, seed=2)
    mixstyle.attach(net[0])
    again, its = copied((net, mixstyle))
    with mixstyle.at(BatchId(epoch=1, step=3)), its.at(BatchId(epoch=1, step=3)):
        expected = net(images)
        assert torch.equal(again(images), expected)
    with its.at(BatchId(epoch=1, step=4)):
        other = again(images)
        assert torch.equal(again(images), other) and not torch.equal(other, expected)
    assert not torch.equal(net(images), net(images))
    assert its._calls == 0  # no hook of one counts for the other


def test_mixstyle_is_left_as_it_is_in_a_compiled_step() -> None:
    net, images, id = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), torch.rand(6, 3, 8, 8), BatchId(epoch=1, step=3)
    mixstyle = MixStyle(p=1.0, alpha=1.0, seed=2)
    mixstyle.attach(net[0])
    torch.compiler.reset()
    with mixstyle.at(id):
        torch.testing.assert_close(torch.compile(net, backend="eager")(images), net(images))


def test_mixstyle_takes_statistics_without_gradient() -> None:
    features = torch.rand(2, 1, 2, 2, requires_grad=True)
    plan = PartnerPlan(2, torch.arange(2), torch.tensor([1, 0]), torch.ones(2))
    MixStyle()(features, plan).sum().backward()
    spread = (features.detach().var((2, 3), correction=0) + 1e-6).sqrt()
    torch.testing.assert_close(features.grad, (spread.flip(0) / spread)[:, :, None, None].expand(2, 1, 2, 2))


def test_mixstyle_mixes_a_share_of_batches() -> None:
    mixstyle = MixStyle(p=0.3)
    mixed = sum(len(mixstyle.draw(4).rows) > 0 for _ in range(1000))
    assert 240 < mixed < 360


def test_pixmix_draws_weights_that_stay_close_to_the_image() -> None:
    rounds = [one for images in PixMix(PICTURES, beta=3.0).draw(2000).rounds for one in images]
    for below in (False, True):  # Beta(3, 1) and Beta(1, 3), or 1 + Beta(1, 3) and its negative: half of them each
        own, other = np.array([one.weights for one in rounds if (one.weights[1] < 0) == below]).T
        assert abs(len(own) / len(rounds) - 0.5) < 0.05
        assert abs(own.mean() - (1.25 if below else 0.75)) < 0.02
        assert abs(np.abs(other).mean() - 0.25) < 0.02


def test_pixmix_follows_its_algorithm(images) -> None:
    module = PixMix(PICTURES, augment=(), seed=8)  # copies are the images themselves, in 8 bits
    plan = module.draw(len(images))
    found = module(images, plan)
    assert sum(map(len, plan.rounds)) > 3
    assert {round.how for rounds in plan.rounds for round in rounds} == {"add", "multiply"}
    for row, start, rounds in zip(plan.rows.tolist(), plan.starts, plan.rounds, strict=True):
        own = images[row].double().numpy()
        mixed, copied = own if start is None else (own * 255).round() / 255, (own * 255).round() / 255
        for round in rounds:
            other = copied
            if round.picture is not None:
                whole = PICTURES[round.picture]
                whole = whole.numpy() if isinstance(whole, torch.Tensor) else np.moveaxis(whole, -1, 0)
                top, left = (
                    int(np.rint(share * room))
                    for share, room in zip(round.place, (whole.shape[1] - 33, whole.shape[2] - 22), strict=True)
                )
                other = whole[:, top : top + 33, left : left + 22] / 255
            a, b = round.weights
            if round.how == "add":
                mixed = (a * (mixed * 2 - 1) + b * (other * 2 - 1) + 1) / 2
            else:
                mixed = np.maximum(mixed * 2, 1e-37) ** a * np.maximum(other * 2, 1e-37) ** b / 2
            mixed = mixed.clip(0, 1)
        np.testing.assert_allclose(found[row], mixed, atol=2e-4)


def test_pixmix_takes_a_sources_samples_and_enlarges_small_pictures(pairs) -> None:
    source = Sequence([(str(path), captions) for path, captions in pairs[:3]])
    large = PixMix(source, augment=())(torch.rand(4, 3, 700, 40))
    assert large.isfinite().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AmplitudeMix(band=0), "band"),
        (lambda: AmplitudeMix(alpha=2), "alpha"),
        (lambda: AmplitudeMix()(torch.rand(8, 8)), r"\[B, 3, H, W\] or \[3, H, W\]"),
        (lambda: MixStyle(p=1.0)(torch.rand(3, 8, 8)), "another of the batch"),
        (lambda: AmplitudeMix()(torch.rand(2, 3, 8, 8) * 9), r"\[0, 1\]"),
        (lambda: AmplitudeMix().draw(3, domains=[1, 2]), "domains"),
        (lambda: AmplitudeMix()(torch.rand(2, 3, 8, 8), AmplitudeMix().draw(3)), "a plan for 3"),
        (lambda: PixMix([]), "not empty"),
        (lambda: PixMix(PICTURES, augment=[3]), "augmentations"),
        (lambda: PixMix(PICTURES, beta=0), "beta"),
        (lambda: PixMix(["a"], seed=1)(torch.rand(9, 3, 8, 8)), "picture 0 is a str"),
        (lambda: PixMix(torch.rand(1, 3, 8, 8) + 3, seed=1)(torch.rand(9, 3, 8, 8)), "picture 0 must lie"),
        (lambda: MixStyle(p=2), "p="),
        (lambda: MixStyle(alpha=0), "alpha"),
        (lambda: MixStyle(p=1.0)(torch.rand(2, 3)), "B, C, H, W"),
        (lambda: MixStyle().attach("layer1"), "no layer"),
        (lambda: MixStyle(seed=-1), "seed"),
    ],
)
def test_what_makes_no_sense_is_said(call, message) -> None:
    with pytest.raises(RecipeError, match=message):
        call()
