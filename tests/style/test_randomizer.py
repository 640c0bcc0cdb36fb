"""The randomizer: what it does to which rows, what it leaves alone, and what it says of bad input."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import impasto
from impasto import Beta, CheckpointError, RecipeError, StyleRandomizer
from impasto.errors import DeviceMemoryError, ImpastoError
from impasto.style.embedding import interpolate
from impasto.style.model import DEFAULT
from impasto.style.randomize import memory
from impasto.style.randomize.draw import StylePlan, choose, share
from impasto.style.randomize.strength import draw_alpha

from .conftest import SIZE, tiny_model

DTYPES = [torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64]


def as_dtype(images, dtype):
    return (images * 255).round().to(dtype) if dtype == torch.uint8 else images.to(dtype)


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
    assert torch.allclose(way[2], (start + end) / 2)
    for wrong in ((start, end, 1), (start, end[:1], 3), (start.long(), end.long(), 3)):
        with pytest.raises(RecipeError):
            interpolate(*wrong)


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


class TestFormats:
    """In as out."""

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
    @pytest.mark.parametrize("ratio", ["0:1", "1:1"])
    def test_dtype_and_memory_format(self, model, images, dtype, form, ratio):
        batch = as_dtype(images, dtype).to(memory_format=form)
        before = batch.clone()
        out = StyleRandomizer(model, ratio=ratio)(batch)
        assert out.dtype == dtype and out.shape == batch.shape and out.is_contiguous(memory_format=form)
        assert torch.equal(batch, before)
        exact = StyleRandomizer(model, ratio=ratio)(
            as_dtype(batch.double() / (255 if dtype == torch.uint8 else 1), torch.float64)
        )
        scale = 255 if dtype == torch.uint8 else 1
        step = 1 / 255 if dtype == torch.uint8 else torch.finfo(dtype).eps
        assert torch.allclose(out.double() / scale, exact, atol=max(step, 1e-6))

    @given(height=st.integers(16, 41), width=st.integers(16, 41), count=st.integers(0, 3), down=st.integers(0, 1))
    def test_any_size_comes_back_at_its_own(self, height, width, count, down):
        images = torch.rand(count, 3, height, width)
        out = StyleRandomizer(tiny_model(), downsample=down)(images)
        assert out.shape == images.shape
        assert count == 0 or (float(out.min()) >= 0 and float(out.max()) <= 1)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_one_image(self, model, images, dtype):
        image = as_dtype(images[0], dtype)
        out = StyleRandomizer(model)(image)
        assert torch.equal(out, StyleRandomizer(model)(image[None])[0]) and out.dtype == dtype

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_an_empty_batch(self, model, dtype):
        for base in ("image", "mean"):
            empty = torch.zeros(0, 3, 32, 32).to(dtype)
            out = StyleRandomizer(model, base=base)(empty)
            assert out.shape == empty.shape and out.dtype == dtype
        assert StyleRandomizer(model).predict(empty).shape == (0, SIZE)
        assert len(StyleRandomizer(model).draw(0)) == 0

    def test_slices_and_expanded_images(self, model, images):
        flipped = images.flip(3)[:, :, ::2, 1:]
        assert torch.equal(StyleRandomizer(model)(flipped), StyleRandomizer(model)(flipped.contiguous()))
        grey = images[:, :1].expand(-1, 3, -1, -1)
        assert torch.equal(StyleRandomizer(model)(grey), StyleRandomizer(model)(grey.contiguous()))

    def test_downsampling_is_the_published_one(self, model, images):
        images, embeddings = images[:, :, :32, :20], torch.randn(5, SIZE)
        out = StyleRandomizer(model, downsample=1)(images, embeddings=embeddings, alpha=0.4)
        with torch.no_grad():
            mixed = 0.4 * embeddings + 0.6 * model.predictor(images)
            small = model.transformer(nn.functional.avg_pool2d(images, 2), mixed)
            wanted = nn.functional.interpolate(small, scale_factor=2, mode="bilinear")
        assert torch.allclose(out, wanted, atol=1e-6)

    @pytest.mark.parametrize("chunk", [1, 2, 5, 9])
    def test_chunks_change_nothing(self, model, images, chunk):
        assert torch.allclose(StyleRandomizer(model, chunk=chunk)(images), StyleRandomizer(model)(images), atol=1e-6)

    @pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float16, 0.02), (torch.bfloat16, 0.15)])
    def test_half_precision(self, model, images, dtype, tolerance):
        out = StyleRandomizer(model, dtype=dtype)(images)
        exact = StyleRandomizer(model)(images)
        assert out.dtype == torch.float32 and not torch.equal(out, exact)
        assert float((out - exact).abs().max()) < tolerance

    def test_graphs_are_for_gpus(self, model, images):
        assert torch.equal(StyleRandomizer(model, graphs=True)(images), StyleRandomizer(model)(images))
        with pytest.raises(RecipeError, match="graphs=True keeps no gradients"):
            StyleRandomizer(model, graphs=True, differentiable=True)

    @pytest.mark.parametrize("enabled", [True, False])
    def test_autocast_has_no_say(self, model, images, enabled):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            out = StyleRandomizer(model)(images)
        assert out.dtype == torch.float32 and torch.equal(out, StyleRandomizer(model)(images))

    def test_a_parent_of_another_dtype(self, model, images):
        parent = nn.ModuleDict({"stylize": StyleRandomizer(model)}).bfloat16()
        out = parent["stylize"](images)
        assert out.dtype == torch.float32
        assert torch.allclose(out, StyleRandomizer(model)(images), atol=0.2)


class TestAsPartOfAModel:
    """Frozen, whatever the parent does."""

    def test_nothing_trains(self, model, images):
        stylize = StyleRandomizer(model)
        parent = nn.Sequential(stylize, nn.Conv2d(3, 2, 3))
        assert [name for name, value in parent.named_parameters() if value.requires_grad] == ["1.weight", "1.bias"]
        before = {name: value.clone() for name, value in stylize.state_dict().items() if name != "_extra_state"}
        parent(images.requires_grad_()).sum().backward()
        torch.optim.SGD(parent.parameters(), lr=1.0, weight_decay=0.1).step()
        assert images.grad is None
        assert all(torch.equal(value, stylize.state_dict()[name]) for name, value in before.items())

    def test_the_model_that_was_given_goes_on_training(self, model):
        model.train()
        StyleRandomizer(model, dtype=torch.bfloat16)
        assert model.training and all(parameter.requires_grad for parameter in model.parameters())
        assert model.transformer.paint.conv.weight.dtype == torch.float32

    def test_networks_stay_in_evaluation_mode(self, model):
        stylize = StyleRandomizer(model)
        parent = nn.Sequential(stylize).train()
        assert stylize.training and not any(module.training for module in stylize.painter.modules())
        parent.eval().train()
        assert not any(module.training for module in stylize.painter.modules())

    def test_evaluation_mode_switches_random_styles_off(self, model, images):
        stylize = StyleRandomizer(model).eval()
        assert stylize(images) is images
        assert len(stylize.draw(5).rows) == 0
        assert torch.equal(stylize.train()(images), StyleRandomizer(model)(images))  # those were no calls
        stylize.eval()
        assert not torch.equal(stylize(images, rows=[0]), images)
        assert not torch.equal(stylize(images, embeddings=torch.zeros(SIZE)), images)
        assert not torch.equal(StyleRandomizer(model, in_eval=True).eval()(images), images)

    def test_gradients_pass_where_they_are_asked_for(self, model, images):
        images = images.double().requires_grad_()
        for ratio in ("0:1", "1:1"):
            out = StyleRandomizer(model, ratio=ratio)(images)
            assert not out.requires_grad
        plan = StyleRandomizer(model, seed=2).draw(5, rows=[0, 2])
        out = StyleRandomizer(model, differentiable=True)(images, plan)
        weights = torch.randn(out.shape, dtype=torch.float64)
        (out * weights).sum().backward()
        assert torch.equal(images.grad[1], weights[1])
        assert images.grad[0].abs().sum() > 0
        with torch.no_grad():
            assert not StyleRandomizer(model, differentiable=True)(images, plan).requires_grad
        styles = torch.rand(1, 3, 20, 20, requires_grad=True)
        StyleRandomizer(model, differentiable=True)(images.detach(), styles=styles).sum().backward()
        assert styles.grad.abs().sum() > 0

    def test_copies_pickles_and_state(self, model, images):
        stylize = StyleRandomizer(model, seed=1, backend="torchscript")
        stylize(images)
        twin, same = copy.deepcopy(stylize), pickle.loads(pickle.dumps(stylize))
        other = StyleRandomizer(tiny_model(seed=9), seed=1)
        other(images)
        other.load_state_dict(stylize.state_dict())
        wanted = stylize(images)
        for one in (twin, same, other):
            assert torch.allclose(one(images), wanted, atol=1e-6)

    def test_it_prints(self, model):
        assert "alpha=Beta(a=1, b=2), ratio='2:1'" in repr(StyleRandomizer(model, alpha=Beta(1, 2), ratio="2:1"))


class TestBadImages:
    """Each gets an error that says what to do."""

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((2, 3, 1, 1), "1x1 pixels are too small: the style transformer needs, at least 8x8"),
            ((2, 3, 12, 40), "12x40 pixels are too small: the style predictor needs .base='mean'.*16x16"),
            ((2, 1, 32, 32), r"3 channels \(RGB\), not 1.*expand"),
            ((2, 4, 32, 32), r"not 4.*\[:, :3\]"),
            ((2, 32, 32, 3), "movedim"),
            ((2, 2, 32, 32), "not 2"),
            ((32, 32), r"must be \[B, 3, H, W\]"),
            ((1, 2, 3, 32, 32), r"must be \[B, 3, H, W\]"),
            ((0, 1, 32, 32), "not 1"),
        ],
    )
    def test_shapes(self, model, shape, message):
        with pytest.raises(RecipeError, match=message):
            StyleRandomizer(model)(torch.rand(shape))

    def test_sizes_depend_on_what_is_asked_for(self, model):
        small = torch.rand(2, 3, 8, 9)
        assert StyleRandomizer(model, base="mean")(small).shape == small.shape
        assert StyleRandomizer(model, alpha=1)(small).shape == small.shape
        with pytest.raises(RecipeError, match="after 1 halvings, at least 15x15"):
            StyleRandomizer(model, base="mean", downsample=1)(small)
        assert StyleRandomizer(model, base="mean", downsample=1)(torch.rand(1, 3, 15, 15)).shape == (1, 3, 15, 15)

    @pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.bool, torch.complex64])
    def test_dtypes(self, model, images, dtype):
        with pytest.raises(RecipeError, match=r"floating point in .0, 1., or uint8"):
            StyleRandomizer(model)(images.to(dtype))

    @pytest.mark.parametrize("what", [None, [[1.0]], np.zeros((1, 3, 32, 32), np.float32), "image"])
    def test_what_is_no_tensor(self, model, what):
        with pytest.raises(RecipeError, match="must be a tensor"):
            StyleRandomizer(model)(what)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda x: x * 255, "divide by 255"),
            (lambda x: (x - 0.5) / 0.2, "before normalising"),
            (lambda x: x + 0.1, "clamp"),
            (lambda x: x.index_fill(0, torch.tensor([3]), float("nan")), "not finite"),
            (lambda x: x.index_fill(3, torch.tensor([0]), float("inf")), "not finite"),
            (lambda x: x.index_fill(3, torch.tensor([0]), float("-inf")), "not finite"),
        ],
    )
    def test_values(self, model, images, change, message):
        with pytest.raises(RecipeError, match=message):
            StyleRandomizer(model)(change(images))
        StyleRandomizer(model, check="never")(change(images))

    def test_rounding_is_forgiven(self, model, images):
        StyleRandomizer(model)(images * 1.0005)

    def test_a_plan_for_others(self, model, images):
        stylize = StyleRandomizer(model)
        with pytest.raises(RecipeError, match="a plan for 4 images, of which there are 5"):
            stylize(images, stylize.draw(4))
        with pytest.raises(RecipeError, match="name the others"):
            stylize(images, 0.5)
        with pytest.raises(RecipeError, match="has its alpha already"):
            stylize(images, stylize.draw(5), alpha=0.5)

    @pytest.mark.parametrize("shape", [(7,), (5, 7), (3, SIZE), (1, 1, SIZE), ()])
    def test_embeddings_that_do_not_fit(self, model, images, shape):
        with pytest.raises(RecipeError, match="embeddings"):
            StyleRandomizer(model)(images, embeddings=torch.zeros(shape))

    def test_embeddings_that_are_no_numbers(self, model, images):
        with pytest.raises(RecipeError, match="not finite"):
            StyleRandomizer(model)(images, embeddings=torch.full((SIZE,), float("nan")))
        with pytest.raises(RecipeError, match="floating point"):
            StyleRandomizer(model)(images, embeddings=torch.zeros(SIZE, dtype=torch.int64))

    def test_another_device(self, model, images):
        with pytest.raises(RecipeError, match="images are on meta, the networks on cpu"):
            StyleRandomizer(model, check="never")(images.to("meta"))

    @pytest.mark.parametrize(
        "options",
        [
            {"base": "none"},
            {"backend": "tensorrt"},
            {"check": True},
            {"downsample": -1},
            {"downsample": 0.5},
            {"chunk": 0},
            {"seed": -1},
            {"seed": 0.5},
            {"dtype": torch.int8},
            {"ratio": "x"},
        ],
    )
    def test_options(self, model, options):
        with pytest.raises(RecipeError, match=next(iter(options))):
            StyleRandomizer(model, **options)


class TestMemory:
    """When a GPU's is full, the error says which batch would fit."""

    @pytest.fixture
    def full(self, model, monkeypatch):
        """A randomizer whose device has no memory for more than 3 images."""
        stylize = StyleRandomizer(model)
        stylize(torch.rand(1, 3, 16, 16))
        network = stylize.painter._prepared["transformer"]
        real = network.forward

        def forward(images, embeddings):
            if len(images) > 3:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return real(images, embeddings)

        monkeypatch.setattr(network, "forward", forward)
        return stylize

    def test_without_a_gpu_to_ask(self, full, images):
        with pytest.raises(DeviceMemoryError, match=r"CUDA out of memory while stylizing 5 images: .*chunk=") as caught:
            full(images)
        assert isinstance(caught.value, ImpastoError) and isinstance(caught.value, RuntimeError)
        assert isinstance(caught.value.__cause__, torch.OutOfMemoryError)
        full.painter.chunk = 3
        assert full(images).shape == images.shape

    @pytest.mark.parametrize(
        ("free", "message"), [(1000, "about 4 at a time"), (250, "about 2 at a time"), (10, "not even one")]
    )
    def test_what_fits_is_measured(self, monkeypatch, free, message):
        answers = {
            "empty_cache": None,
            "memory_allocated": 500,
            "reset_peak_memory_stats": None,
            "synchronize": None,
            "max_memory_allocated": 600,
            "mem_get_info": (free, 9999),
            "memory_reserved": 500,
        }
        for name, answer in answers.items():
            monkeypatch.setattr(memory.torch.cuda, name, lambda *_, answer=answer: answer)
        error = memory.out_of_memory(torch.OutOfMemoryError("x"), 5, torch.device("cuda"), lambda few: None)
        assert message in str(error)

    @pytest.mark.gpu
    def test_on_a_gpu(self, model):
        stylize = StyleRandomizer(model, check="never").cuda()
        with pytest.raises(DeviceMemoryError, match=r"about .* at a time would fit"):
            stylize(torch.rand(1, 3, 4096, 4096, device="cuda").expand(4000, -1, -1, -1))


class TestLoading:
    """Which files it takes is told in test_published.py."""

    def test_a_file_of_ours(self, model, images, tmp_path):
        model.save(tmp_path / "style.safetensors")
        loaded = StyleRandomizer.load(tmp_path / "style.safetensors", alpha=0.7, seed=2)
        assert torch.equal(loaded(images), StyleRandomizer(model, alpha=0.7, seed=2)(images))
        assert impasto.StyleRandomizer is StyleRandomizer and impasto.StyleModel is type(model)

    @pytest.mark.skipif(not DEFAULT.exists(), reason="no model has come with impasto yet")
    def test_the_model_that_comes_with_impasto(self):
        images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        out = StyleRandomizer.load(alpha=1.0)(images)
        assert not torch.allclose(out[0], out[1], atol=0.05)

    def test_nothing_there(self, tmp_path):
        with pytest.raises(CheckpointError, match="doesn't exist"):
            StyleRandomizer.load(tmp_path / "none.safetensors")


@pytest.mark.gpu
class TestOnAGpu:
    """The same styles, near enough the same pictures."""

    def test_the_same_as_on_the_cpu(self, model, images):
        for dtype in (None, torch.float16, torch.bfloat16):
            for more in ({}, {"backend": "torchscript"}, {"graphs": True}, {"differentiable": True}):
                options = {"alpha": (0, 1), "ratio": "1:1", "seed": 5, "dtype": dtype, **more}
                here, there = StyleRandomizer(model, **options), StyleRandomizer(model, **options).cuda()
                plans = here.draw(5), there.draw(5)
                assert torch.equal(plans[0].embeddings, plans[1].embeddings)
                tolerance = 1e-3 if dtype is None else 0.15
                assert torch.allclose(there(images.cuda()).cpu(), here(images), atol=tolerance)

    def test_a_generator_of_the_gpu(self, model, images):
        stylize = StyleRandomizer(model).cuda()
        outs = [stylize(images.cuda(), generator=torch.Generator("cuda").manual_seed(1)) for _ in range(2)]
        assert torch.equal(*outs)

    def test_values_are_looked_at_once(self, model, images):
        stylize = StyleRandomizer(model).cuda()
        with pytest.raises(RecipeError, match="divide by 255"):
            stylize(images.cuda() * 255)
        stylize(images.cuda() * 255)


def test_a_plan_can_be_made_by_hand(model, images):
    plan = StylePlan(5, torch.tensor([2]), torch.zeros(1, SIZE), torch.tensor([1.0]))
    out = StyleRandomizer(model)(images, plan)
    assert torch.equal(out[[0, 1, 3, 4]], images[[0, 1, 3, 4]]) and not torch.equal(out[2], images[2])
