"""Backends give what eager gives, and TorchScript files run where impasto is not."""

from __future__ import annotations

import subprocess
import sys
import warnings
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from impasto import Beta, CheckpointError, ImpastoError, RecipeError, StyleRandomizer
from impasto.style.networks.inception import InceptionPredictor
from impasto.style.run import backends
from impasto.style.run.backends import BackendWarning, prepare, script

from .conftest import SIZE, tiny_model

# In float32, of values in [0, 1].
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def inception():
    torch.manual_seed(0)
    return InceptionPredictor(embedding=SIZE).eval()


def load(path):
    with backends.quiet():
        return torch.jit.load(path)


def save(module, path):
    with backends.quiet():
        torch.jit.save(module, path)


class TestNetworks:
    """Each scripts, freezes, saves and loads."""

    @pytest.mark.parametrize("name", ["transformer", "predictor", "distribution", "inception"])
    @pytest.mark.parametrize("freeze", [True, False])
    def test_through_a_file(self, model, inception, tmp_path, name, freeze):
        network = inception if name == "inception" else getattr(model, name)
        images = torch.rand(2, 3, 47, 50)
        arguments = {"transformer": (images, torch.randn(2, SIZE)), "distribution": (torch.randn(4, SIZE),)}
        arguments = arguments.get(name, (images,))
        scripted = script(network, freeze=freeze)
        save(scripted, tmp_path / "network.pt")
        loaded = load(tmp_path / "network.pt")
        with torch.no_grad():
            wanted = network(*arguments)
            for one in (scripted, loaded):
                assert torch.allclose(one(*arguments), wanted, atol=TOLERANCE, rtol=1e-4)

    def test_the_model_scripts_as_a_part(self, model):
        class Whole(nn.Module):
            def __init__(self, model):
                super().__init__()
                self.model = model

            def forward(self, images: torch.Tensor) -> torch.Tensor:
                return self.model.transformer(images, self.model.predictor(images) + self.model.content_mean)

        images = torch.rand(1, 3, 20, 20)
        assert torch.allclose(script(Whole(model))(images), Whole(model)(images), atol=TOLERANCE)


class TestFile:
    """`StyleRandomizer.to_torchscript`."""

    @pytest.mark.parametrize("freeze", [True, False])
    @pytest.mark.parametrize("dtype", [torch.uint8, torch.bfloat16, torch.float32])
    @pytest.mark.parametrize("options", [{}, {"base": "mean"}, {"downsample": 1}, {"dtype": torch.bfloat16}])
    def test_it_does_the_same(self, model, images, tmp_path, freeze, dtype, options):
        batch = (images * 255).to(dtype) if dtype == torch.uint8 else images.to(dtype)
        stylize = StyleRandomizer(model, **options)
        stylize.to_torchscript(tmp_path / "style.pt", freeze=freeze)
        embeddings = torch.randn(5, SIZE)
        out = load(tmp_path / "style.pt")(batch, 0.3, embeddings)
        wanted = stylize(batch, embeddings=embeddings, alpha=0.3)
        assert out.dtype == wanted.dtype and out.shape == wanted.shape
        tolerance = (
            1 if dtype == torch.uint8 else 2e-2 if torch.bfloat16 in (dtype, options.get("dtype")) else TOLERANCE
        )
        assert float((out.float() - wanted.float()).abs().max()) <= tolerance

    def test_inception_is_folded_and_ignores_modes(self, model, inception, images):
        model.predictor = inception
        images = torch.rand(2, 3, 60, 60)
        stylize, embeddings = StyleRandomizer(model), torch.randn(2, SIZE)
        scripted = stylize.to_torchscript()
        wanted = stylize(images, embeddings=embeddings)
        assert torch.allclose(scripted(images, None, embeddings), wanted, atol=1e-4)
        assert torch.allclose(scripted.train()(images, None, embeddings), wanted, atol=1e-4)
        assert torch.allclose(scripted.predict(images), stylize.predict(images), atol=1e-3, rtol=1e-3)

    def test_it_draws_by_a_seed_or_torchs_generator(self, model, images):
        scripted = StyleRandomizer(model, alpha=(0.2, 0.9)).to_torchscript()
        first, same, other = (scripted(images, seed=seed) for seed in (1, 1, 2))
        assert torch.equal(first, same) and not torch.equal(first, other)
        outs = []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            outs.append(scripted(images))
        assert torch.equal(outs[0], outs[1]) and not torch.equal(outs[0], outs[2])

    def test_the_ratio_holds_on_average(self, model, images):
        scripted = StyleRandomizer(model, ratio="2:1", base="mean").to_torchscript()
        changed = torch.stack([(scripted(images, seed=seed) != images).flatten(1).any(dim=1) for seed in range(300)])
        assert set(changed.sum(dim=1).tolist()) == {1, 2}  # 5 / 3, up or down
        assert torch.allclose(changed.float().mean(dim=0), torch.tensor(1 / 3), atol=0.1)
        shared = StyleRandomizer(model, shared=True, base="mean").to_torchscript()(images[:1].expand(3, -1, -1, -1))
        assert torch.allclose(shared[0], shared[1], atol=1e-6)

    @pytest.mark.parametrize("freeze", [True, False])
    def test_autocast_does_not_change_the_dtype(self, model, images, freeze):
        stylize, embeddings = StyleRandomizer(model, backend="torchscript"), torch.randn(5, SIZE)
        scripted, wanted = stylize.to_torchscript(freeze=freeze), stylize(images, embeddings=embeddings)
        for _ in range(3):  # TorchScript compiles at its second call
            with torch.autocast("cpu", dtype=torch.bfloat16):
                out, own = scripted(images, 0.5, embeddings), stylize(images, embeddings=embeddings)
                with torch.autocast("cpu", enabled=False):
                    exact = scripted(images, 0.5, embeddings)
            assert out.dtype == own.dtype == torch.float32
            assert torch.allclose(own, wanted, atol=TOLERANCE) and torch.allclose(exact, wanted, atol=TOLERANCE)
            assert float((out - wanted).abs().max()) < 0.2

    @pytest.mark.parametrize(("options", "smallest"), [({}, 16), ({"base": "mean"}, 8), ({"downsample": 2}, 29)])
    def test_it_says_which_images_are_too_small(self, model, options, smallest):
        scripted = StyleRandomizer(model, **options).to_torchscript()
        assert scripted(torch.rand(1, 3, smallest, smallest)).shape[-1] == smallest
        with pytest.raises(Exception, match=f"at least {smallest}x{smallest}"):
            scripted(torch.rand(1, 3, smallest, smallest - 1))

    def test_gradients(self, model, images):
        images.requires_grad_()
        assert not StyleRandomizer(model).to_torchscript()(images).requires_grad
        StyleRandomizer(model, differentiable=True).to_torchscript()(images).sum().backward()
        assert images.grad.abs().sum() > 0

    @pytest.mark.parametrize(
        ("images", "alpha"),
        [
            (torch.rand(2, 1, 20, 20), 0.5),
            (torch.rand(3, 20, 20), 0.5),
            (torch.ones(2, 3, 20, 20).long(), 0.5),
            (torch.rand(2, 3, 20, 20), 1.5),
        ],
    )
    def test_bad_input(self, model, images, alpha):
        with pytest.raises(torch.jit.Error, match="must"):
            StyleRandomizer(model).to_torchscript()(images, alpha)

    def test_an_empty_batch(self, model):
        assert StyleRandomizer(model).to_torchscript()(torch.zeros(0, 3, 20, 20)).shape == (0, 3, 20, 20)

    def test_what_can_not_be_written(self, model, tmp_path):
        with pytest.raises(RecipeError, match=r"alpha=Beta.*TorchScript"):
            StyleRandomizer(model, alpha=Beta(1, 1)).to_torchscript(tmp_path / "style.pt")
        with pytest.raises(CheckpointError, match="can't be written"):
            StyleRandomizer(model).to_torchscript(tmp_path / "none" / "style.pt")

    def test_plain_torch_runs_it(self, model, images, tmp_path):
        """In a process that can't import impasto."""
        stylize, embeddings = StyleRandomizer(model), torch.randn(5, SIZE)
        stylize.to_torchscript(tmp_path / "style.pt")
        torch.save((images, embeddings), tmp_path / "inputs.pt")
        code = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("impasto", "torchvision"):
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocker())
try:
    import impasto
except ImportError:
    pass
else:
    sys.exit("impasto was imported")
import torch
stylize = torch.jit.load({str(tmp_path / "style.pt")!r})
images, embeddings = torch.load({str(tmp_path / "inputs.pt")!r}, weights_only=True)
torch.save((stylize(images, 0.25, embeddings), stylize(images, seed=3)), {str(tmp_path / "outputs.pt")!r})
assert not any(name.split(".")[0] == "impasto" for name in sys.modules)
"""
        done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        painted, drawn = torch.load(tmp_path / "outputs.pt", weights_only=True)
        assert torch.allclose(painted, stylize(images, alpha=0.25, embeddings=embeddings), atol=TOLERANCE)
        assert torch.allclose(drawn, stylize.to_torchscript()(images, seed=3), atol=TOLERANCE)

    @pytest.mark.gpu
    @pytest.mark.parametrize("freeze", [True, False])
    def test_on_a_gpu(self, model, images, tmp_path, freeze):
        stylize, embeddings = StyleRandomizer(model).cuda(), torch.randn(5, SIZE)
        stylize.to_torchscript(tmp_path / "style.pt", freeze=freeze)
        wanted = stylize(images.cuda(), embeddings=embeddings)
        loaded = load(tmp_path / "style.pt")
        for _ in range(3):
            out = loaded(images.cuda(), 0.5, embeddings)
            assert out.is_cuda and torch.allclose(out, wanted, atol=1e-3)
        assert torch.equal(loaded(images.cuda(), seed=1), loaded(images.cuda(), seed=1))
        with backends.quiet():
            elsewhere = torch.jit.load(tmp_path / "style.pt", map_location="cpu")
        assert torch.allclose(elsewhere(images, 0.5, embeddings), wanted.cpu(), atol=1e-3)


SIZES = [(2, 64, 64), (1, 64, 64), (5, 33, 22), (3, 16, 17), (2, 40, 16)]


class TestBackends:
    """The same outputs and gradients as eager."""

    @pytest.mark.parametrize("backend", ["eager", "torchscript", "export"])
    def test_any_batch_and_size(self, backend):
        model = tiny_model()
        images, embeddings = torch.rand(1, 3, 40, 40), torch.randn(1, SIZE)
        transformer = prepare(model.transformer, backend, (images, embeddings))
        predictor = prepare(model.predictor, backend, (images,))
        for count, height, width in SIZES:
            images, embeddings = torch.rand(count, 3, height, width), torch.randn(count, SIZE)
            for _ in range(2):
                assert torch.allclose(
                    transformer(images, embeddings), model.transformer(images, embeddings), atol=TOLERANCE
                )
                assert torch.allclose(predictor(images), model.predictor(images), atol=TOLERANCE)

    @pytest.mark.parametrize("backend", ["torchscript", "export"])
    def test_training(self, backend):
        """A few steps through a backend end where eager's end."""
        runs = []
        for name in ("eager", backend):
            model = tiny_model().train()
            example = torch.rand(2, 3, 24, 24), torch.randn(2, SIZE)
            transformer, predictor = (
                prepare(model.transformer, name, example),
                prepare(model.predictor, name, example[:1]),
            )
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            draw = torch.Generator().manual_seed(0)
            for _ in range(3):
                images = torch.rand(2, 3, 24, 28, generator=draw)
                loss = (transformer(images, predictor(images)) - images).square().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            runs.append(torch.cat([parameter.grad.flatten() for parameter in model.parameters()]))
            runs.append(torch.cat([parameter.detach().flatten() for parameter in model.parameters()]))
        gradients, weights, own_gradients, own_weights = runs
        assert gradients.abs().max() > 0
        assert torch.allclose(own_gradients, gradients, atol=TOLERANCE * float(gradients.abs().max()))
        assert torch.allclose(own_weights, weights, atol=TOLERANCE)

    @pytest.mark.parametrize("backend", ["torchscript", "export"])
    def test_the_randomizer(self, model, images, backend):
        wanted, other = StyleRandomizer(model), StyleRandomizer(model, backend=backend)
        for batch in (images, images[:2, :, :20, :30], images[:1]):
            assert torch.allclose(other(batch), wanted(batch), atol=TOLERANCE)

    def test_nothing_old_is_kept(self, model, images):
        wanted, other = StyleRandomizer(model), StyleRandomizer(model, backend="torchscript")
        assert torch.allclose(other(images), wanted(images), atol=TOLERANCE)
        weights = tiny_model(seed=5)
        for stylize in (wanted, other):
            stylize.model.load_state_dict(weights.state_dict())
            stylize.load_state_dict(stylize.state_dict())
        assert torch.allclose(other(images), wanted(images), atol=TOLERANCE)
        assert torch.allclose(other.double()(images), wanted(images), atol=TOLERANCE)

    @pytest.mark.slow
    @pytest.mark.timeout(600)
    def test_compiled(self):
        """One small network: a C++ compiler takes half a minute for it on one core."""
        torch.manual_seed(7)
        network = tiny_model().transformer.paint
        features, embeddings = torch.rand(2, 4, 12, 12), torch.randn(2, SIZE)
        compiled = prepare(network, "compile", (features, embeddings))
        assert compiled is not network
        found, wanted = compiled(features, embeddings), network(features, embeddings)
        assert torch.allclose(found, wanted, atol=TOLERANCE)
        weights = torch.randn_like(found)
        gradients = [torch.autograd.grad((one * weights).sum(), list(network.parameters())) for one in (found, wanted)]
        largest = max(float(exact.abs().max()) for exact in gradients[1])
        for own, exact in zip(*gradients, strict=True):
            assert (own - exact).abs().max() < 1e-4 * largest

    @pytest.mark.gpu
    @pytest.mark.parametrize("backend", ["torchscript", "compile", "export"])
    def test_on_a_gpu(self, model, images, backend):
        wanted, other = StyleRandomizer(model).cuda(), StyleRandomizer(model, backend=backend).cuda()
        for batch in (images.cuda(), images.cuda()[:3]):
            for _ in range(3):
                plan = wanted.draw(len(batch))
                assert torch.allclose(other(batch, plan), wanted(batch, plan), atol=1e-3)

    def test_a_backend_that_is_unknown_or_lacks_its_example(self, model):
        with pytest.raises(RecipeError, match="backend='onnx' is not known"):
            prepare(model.transformer, "onnx")
        with pytest.raises(RecipeError, match="needs example="):
            prepare(model.transformer, "export")


class TestTorchMovesOn:
    """TorchScript is deprecated: we say nothing of it, and go on without it."""

    def test_only_our_own_calls_are_quiet(self, model):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            script(model.transformer, freeze=True)
            assert not caught
            warnings.warn("`torch.jit.script` is deprecated", FutureWarning, stacklevel=1)  # as torch 2.14 does
        assert len(caught) == 1

    def test_other_warnings_are_heard(self):
        with pytest.warns(FutureWarning, match="something else"), backends.quiet():
            warnings.warn("something else is deprecated", FutureWarning, stacklevel=1)

    @pytest.mark.parametrize("category", [DeprecationWarning, FutureWarning])
    @pytest.mark.parametrize("verb", ["is deprecated.", "is not supported in Python 3.14+ and may break."])
    def test_what_the_compiler_imports_is_quiet(self, model, monkeypatch, category, verb):
        """Torch 2.11's compiler brings in script methods at its first use; others' warnings are heard."""
        asked = []

        def imports(name):
            asked.append(name)
            warnings.warn(f"`torch.jit.script_method` {verb} Please switch to `torch.compile`.", category, stacklevel=2)

        backends.compiled(model.transformer, backend="eager")  # torch's own imports come first, whoever ran before
        monkeypatch.setattr(backends, "importlib", SimpleNamespace(import_module=imports))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            backends.compiled(model.transformer, backend="eager")
            assert asked == ["torch.utils.mkldnn"]
            with pytest.raises(category), backends.quiet():
                warnings.warn("`somebody.else` is deprecated", category, stacklevel=1)

    @pytest.fixture(params=["it raises", "it is gone"])
    def refusal(self, request, monkeypatch):
        def refuse(*arguments, **options):
            raise RuntimeError("TorchScript is not supported any more.\nUse torch.export.")

        if request.param == "it raises":
            monkeypatch.setattr(torch.jit, "script", refuse)
        else:
            monkeypatch.delattr(torch.jit, "script")

    def test_eager_instead_and_one_message(self, model, images, refusal):
        wanted, other = StyleRandomizer(model), StyleRandomizer(model, backend="torchscript")
        with pytest.warns(
            BackendWarning, match=r"backend='torchscript' doesn't work with torch .* so eager is used"
        ) as caught:
            out = other(images)
        assert len(caught) == 1
        assert torch.equal(out, wanted(images))

    def test_no_file_either(self, model, refusal):
        with pytest.raises(ImpastoError, match="doesn't make TorchScript files"):
            StyleRandomizer(model).to_torchscript()

    def test_a_missing_compiler(self, model, images, monkeypatch):
        def compile(module):
            raise RuntimeError("no compiler")

        monkeypatch.setattr(torch, "compile", compile)
        with pytest.warns(BackendWarning, match="no compiler"):
            StyleRandomizer(model, backend="compile")(images)

    def test_full_memory_is_no_reason_to_fall_back(self, model, monkeypatch):
        def full(module):
            raise torch.OutOfMemoryError("CUDA out of memory")

        monkeypatch.setattr(torch, "compile", full)
        with pytest.raises(torch.OutOfMemoryError):
            prepare(model.transformer, "compile")
