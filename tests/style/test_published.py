"""The published checkpoints: files of their layout, against their networks written down from the facts."""

from __future__ import annotations

import math
import shutil
from collections import OrderedDict

import pytest
import torch
from torch.nn import functional

from impasto import CheckpointError, RecipeError, StyleRandomizer
from impasto.style.opening import open_model
from impasto.style.published import EMBEDDINGS, PREDICTOR, TRANSFORMER, save_published

from .conftest import tiny_model

# Blocks of the predictor in the order of the network: name, inputs, outputs, kernel.
MIXED_A = {"5b": (192, 32), "5c": (256, 64), "5d": (288, 64)}
MIXED_C = {"6b": 128, "6c": 160, "6d": 160, "6e": 192}


def conv_shapes():
    """The weights of the predictor's convolutions, by name."""
    shapes = {
        "Conv2d_1a_3x3": (32, 3, 3, 3),
        "Conv2d_2a_3x3": (32, 32, 3, 3),
        "Conv2d_2b_3x3": (64, 32, 3, 3),
        "Conv2d_3b_1x1": (80, 64, 1, 1),
        "Conv2d_4a_3x3": (192, 80, 3, 3),
    }
    for name, (inputs, pool) in MIXED_A.items():
        shapes |= {
            f"Mixed_{name}.branch1x1": (64, inputs, 1, 1),
            f"Mixed_{name}.branch5x5_1": (48, inputs, 1, 1),
            f"Mixed_{name}.branch5x5_2": (64, 48, 5, 5),
            f"Mixed_{name}.branch3x3dbl_1": (64, inputs, 1, 1),
            f"Mixed_{name}.branch3x3dbl_2": (96, 64, 3, 3),
            f"Mixed_{name}.branch3x3dbl_3": (96, 96, 3, 3),
            f"Mixed_{name}.branch_pool": (pool, inputs, 1, 1),
        }
    shapes |= {
        "Mixed_6a.branch3x3": (384, 288, 3, 3),
        "Mixed_6a.branch3x3dbl_1": (64, 288, 1, 1),
        "Mixed_6a.branch3x3dbl_2": (96, 64, 3, 3),
        "Mixed_6a.branch3x3dbl_3": (96, 96, 3, 3),
    }
    for name, width in MIXED_C.items():
        shapes |= {
            f"Mixed_{name}.branch1x1": (192, 768, 1, 1),
            f"Mixed_{name}.branch7x7_1": (width, 768, 1, 1),
            f"Mixed_{name}.branch7x7_2": (width, width, 1, 7),
            f"Mixed_{name}.branch7x7_3": (192, width, 7, 1),
            f"Mixed_{name}.branch7x7dbl_1": (width, 768, 1, 1),
            f"Mixed_{name}.branch7x7dbl_2": (width, width, 7, 1),
            f"Mixed_{name}.branch7x7dbl_3": (width, width, 1, 7),
            f"Mixed_{name}.branch7x7dbl_4": (width, width, 7, 1),
            f"Mixed_{name}.branch7x7dbl_5": (192, width, 1, 7),
            f"Mixed_{name}.branch_pool": (192, 768, 1, 1),
        }
    return shapes


def random_transformer(draw):
    """84 tensors by their published names."""
    shapes = {"layers.0.conv": (32, 3, 9, 9), "layers.1.conv": (64, 32, 3, 3), "layers.2.conv": (128, 64, 3, 3)}
    for block in range(3, 8):
        for which in "12":
            shapes[f"layers.{block}.conv{which}"] = (128, 128, 3, 3)
            shapes |= {f"layers.{block}.fc_{kind}{which}": (128, 100) for kind in ("beta", "gamma")}
    for block, inputs, outputs, kernel in ((8, 128, 64, 3), (9, 64, 32, 3), (10, 32, 3, 9)):
        shapes[f"layers.{block}.conv"] = (outputs, inputs, kernel, kernel)
        shapes |= {f"layers.{block}.fc_{kind}": (outputs, 100) for kind in ("beta", "gamma")}
    state = OrderedDict()
    for name, shape in shapes.items():
        state[f"{name}.weight"] = torch.randn(shape, generator=draw) / math.sqrt(math.prod(shape[1:]))
        state[f"{name}.bias"] = 0.3 * torch.randn(shape[0], generator=draw)
    return state


def random_predictor(draw, counters):
    state = OrderedDict()
    for name, shape in conv_shapes().items():
        state[f"{name}.conv.weight"] = torch.randn(shape, generator=draw) * math.sqrt(2 / math.prod(shape[1:]))
        state[f"{name}.bn.weight"] = 0.5 + torch.rand(shape[0], generator=draw)
        state[f"{name}.bn.bias"] = 0.3 * torch.randn(shape[0], generator=draw)
        state[f"{name}.bn.running_mean"] = 0.3 * torch.randn(shape[0], generator=draw)
        state[f"{name}.bn.running_var"] = 0.5 + torch.rand(shape[0], generator=draw)
        if counters:
            state[f"{name}.bn.num_batches_tracked"] = torch.tensor(7)
    state["fc.weight"] = torch.randn(100, 768, generator=draw) / 30
    state["fc.bias"] = torch.randn(100, generator=draw)
    return state


def published_transformer(state, images, style):
    """SPEC 2.1, from the published names."""

    def conv(features, name, stride=1):
        weight = state[f"{name}.weight"]
        border = weight.shape[2] // 2
        padded = functional.pad(features, [border] * 4, mode="reflect")
        return functional.instance_norm(functional.conv2d(padded, weight, state[f"{name}.bias"], stride), eps=1e-5)

    def styled(features, block, which=""):
        fc = {
            kind: functional.linear(
                style, state[f"{block}.fc_{kind}{which}.weight"], state[f"{block}.fc_{kind}{which}.bias"]
            )
            for kind in ("gamma", "beta")
        }
        normed = conv(features, f"{block}.conv{which}")
        return fc["gamma"][:, :, None, None] * normed + fc["beta"][:, :, None, None]

    x = images
    for block, stride in ((0, 1), (1, 2), (2, 2)):
        x = conv(x, f"layers.{block}.conv", stride).relu()
    for block in range(3, 8):
        x = x + styled(styled(x, f"layers.{block}", "1").relu(), f"layers.{block}", "2")
    for block in (8, 9):
        x = styled(x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3), f"layers.{block}").relu()
    return styled(x, "layers.10").sigmoid()


def published_predictor(state, images, *, batch_statistics=False):
    """SPEC 2.2, from the published names."""

    def conv(x, name, stride=1, padding=0):
        x = functional.conv2d(x, state[f"{name}.conv.weight"], None, stride, padding)
        mean, variance = state[f"{name}.bn.running_mean"], state[f"{name}.bn.running_var"]
        if batch_statistics:
            mean, variance = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), correction=0)
        form = (1, -1, 1, 1)
        x = (x - mean.view(form)) / (variance.view(form) + 1e-3).sqrt()
        return (x * state[f"{name}.bn.weight"].view(form) + state[f"{name}.bn.bias"].view(form)).relu()

    def pool(x):
        return functional.avg_pool2d(x, 3, 1, 1)

    form = (1, 3, 1, 1)
    mean, typed = torch.tensor([0.485, 0.456, 0.406]).view(form), torch.tensor([0.229, 0.224, 0.255]).view(form)
    right = torch.tensor([0.229, 0.224, 0.225]).view(form)
    x = ((images - mean) / typed * right + mean - 0.5) / 0.5
    x = conv(conv(conv(x, "Conv2d_1a_3x3", 2), "Conv2d_2a_3x3"), "Conv2d_2b_3x3", 1, 1)
    x = conv(conv(functional.max_pool2d(x, 3, 2), "Conv2d_3b_1x1"), "Conv2d_4a_3x3")
    x = functional.max_pool2d(x, 3, 2)
    for name in MIXED_A:
        at = f"Mixed_{name}.branch"
        x = torch.cat(
            [
                conv(x, f"{at}1x1"),
                conv(conv(x, f"{at}5x5_1"), f"{at}5x5_2", 1, 2),
                conv(conv(conv(x, f"{at}3x3dbl_1"), f"{at}3x3dbl_2", 1, 1), f"{at}3x3dbl_3", 1, 1),
                conv(pool(x), f"{at}_pool"),
            ],
            dim=1,
        )
    at = "Mixed_6a.branch"
    deep = conv(conv(conv(x, f"{at}3x3dbl_1"), f"{at}3x3dbl_2", 1, 1), f"{at}3x3dbl_3", 2)
    x = torch.cat([conv(x, f"{at}3x3", 2), deep, functional.max_pool2d(x, 3, 2)], dim=1)
    wide, tall = (0, 3), (3, 0)
    for name in MIXED_C:
        at = f"Mixed_{name}.branch"
        short = conv(conv(conv(x, f"{at}7x7_1"), f"{at}7x7_2", 1, wide), f"{at}7x7_3", 1, tall)
        deep = conv(conv(conv(x, f"{at}7x7dbl_1"), f"{at}7x7dbl_2", 1, tall), f"{at}7x7dbl_3", 1, wide)
        deep = conv(conv(deep, f"{at}7x7dbl_4", 1, tall), f"{at}7x7dbl_5", 1, wide)
        x = torch.cat([conv(x, f"{at}1x1"), short, deep, conv(pool(x), f"{at}_pool")], dim=1)
    return functional.linear(x.mean(dim=(2, 3)), state["fc.weight"], state["fc.bias"])


def write(folder, contents, *, legacy=True):
    folder.mkdir()
    for name, content in contents.items():
        torch.save(content, folder / name, _use_new_zipfile_serialization=not legacy)


@pytest.fixture(scope="module")
def contents():
    """What the three files hold: dtypes and extra keys as published."""
    draw = torch.Generator().manual_seed(0)
    root = torch.randn(100, 100, generator=draw, dtype=torch.float64) / 10
    return {
        TRANSFORMER: {"state_dict_ghiasi": random_transformer(draw), "epoch": 3},
        PREDICTOR: {"state_dict_stylepredictor": random_predictor(draw, counters=False)},
        EMBEDDINGS: {
            "pbn_embedding_mean": torch.randn(100, generator=draw),
            "pbn_embedding_covariance": root @ root.T,
            "imagenet_embedding_mean": torch.randn(100, generator=draw, dtype=torch.float64),
        },
    }


@pytest.fixture(scope="module")
def published(contents, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / "checkpoints"
    write(folder, contents)
    return folder


@pytest.fixture
def spoilt(published, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(published, tmp_path / "spoilt")


def test_the_networks_are_the_published_ones(published, contents):
    model = open_model(published)
    images = torch.rand(2, 3, 96, 72, generator=torch.Generator().manual_seed(2))
    state = contents[PREDICTOR]["state_dict_stylepredictor"]
    with torch.no_grad():
        embeddings = published_predictor(state, images)
        assert torch.allclose(model.predictor(images), embeddings, rtol=1e-3, atol=1e-3)
        wanted = published_transformer(contents[TRANSFORMER]["state_dict_ghiasi"], images, embeddings)
        assert wanted.shape == images.shape
        assert torch.allclose(model.transformer(images, embeddings), wanted, atol=1e-4)
        # The published example runs batch normalisation in training mode. That is another function; ours never is.
        other = published_predictor(state, images, batch_statistics=True)
        assert not torch.allclose(other, embeddings, rtol=0.1, atol=0.1)
    assert not model.training and model.predictor.preprocessing == "published"


def test_the_randomizer_does_what_the_published_code_does(published, contents):
    stylize = StyleRandomizer.load(published)
    images, embeddings = torch.rand(2, 3, 64, 64), torch.randn(2, 100)
    out = stylize(images, alpha=0.5, embeddings=embeddings)
    with torch.no_grad():
        base = published_predictor(contents[PREDICTOR]["state_dict_stylepredictor"], images)
        ghiasi = contents[TRANSFORMER]["state_dict_ghiasi"]
        wanted = published_transformer(ghiasi, images, 0.5 * embeddings + 0.5 * base)
        assert torch.allclose(out, wanted, atol=1e-3)
        stylize.base = "mean"
        mean = contents[EMBEDDINGS]["imagenet_embedding_mean"].float()
        wanted = published_transformer(ghiasi, images, 0.5 * embeddings + 0.5 * mean)
        assert torch.allclose(stylize(images, alpha=0.5, embeddings=embeddings), wanted, atol=1e-4)


def test_statistics_are_cast(published, contents):
    model = open_model(published)
    values = contents[EMBEDDINGS]
    assert torch.equal(model.distribution.mean, values["pbn_embedding_mean"])
    assert torch.equal(model.distribution.covariance, values["pbn_embedding_covariance"].float())
    assert torch.equal(model.content_mean, values["imagenet_embedding_mean"].float())


def test_zip_files_and_counters_are_fine_too(contents, published, tmp_path):
    predictor = random_predictor(torch.Generator().manual_seed(1), counters=True)
    write(tmp_path / "zip", contents | {PREDICTOR: {"state_dict_stylepredictor": predictor}}, legacy=False)
    model = open_model(tmp_path / "zip")
    assert int(model.predictor.Mixed_6e.branch_pool.bn.num_batches_tracked) == 7
    assert int(open_model(published).predictor.Mixed_6e.branch_pool.bn.num_batches_tracked) == 0


def test_what_was_saved_as_published_is_read(published, contents, tmp_path):
    model = open_model(published)
    save_published(model, tmp_path / "new" / "again")
    again = open_model(tmp_path / "new" / "again")
    for name, value in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)
    saved = torch.load(tmp_path / "new" / "again" / TRANSFORMER, weights_only=True)["state_dict_ghiasi"]
    assert saved.keys() == contents[TRANSFORMER]["state_dict_ghiasi"].keys()
    with pytest.raises(RecipeError, match="is not the published StyleTransformer"):
        save_published(tiny_model(), tmp_path)
    model.predictor.preprocessing = "inception"
    with pytest.raises(RecipeError, match=r"'inception'.*is not the published InceptionPredictor"):
        save_published(model, tmp_path)
    (tmp_path / "file").touch()
    model.predictor.preprocessing = "published"
    with pytest.raises(CheckpointError, match="can't be written"):
        save_published(model, tmp_path / "file")


def test_a_file_of_ours_keeps_the_preprocessing(published, tmp_path):
    model = open_model(published)
    model.save(tmp_path / "ours.safetensors")
    assert open_model(tmp_path / "ours.safetensors").predictor.preprocessing == "published"


class Evil:
    """Code in a pickle."""

    def __reduce__(self):
        return (pytest.fail, ("the pickle's code was run",))


def change(folder, file, edit):
    content = torch.load(folder / file, weights_only=True)
    edit(content)
    torch.save(content, folder / file, _use_new_zipfile_serialization=False)


GHIASI, INCEPTION = "state_dict_ghiasi", "state_dict_stylepredictor"


@pytest.mark.parametrize(
    ("file", "edit", "message"),
    [
        (TRANSFORMER, lambda c: c[GHIASI].pop("layers.4.conv2.bias"), "lacks layers.4.conv2.bias"),
        (TRANSFORMER, lambda c: c[GHIASI].update({"layers.11.x": torch.zeros(1)}), "has unknown layers.11.x"),
        (
            TRANSFORMER,
            lambda c: c[GHIASI].update({"layers.0.conv.bias": torch.zeros(3)}),
            r"layers.0.conv.bias is \[3\] where \[32\]",
        ),
        (TRANSFORMER, lambda c: c[GHIASI].update({"layers.0.conv.bias": torch.full((32,), torch.nan)}), "not finite"),
        (TRANSFORMER, lambda c: c[GHIASI].update({"layers.0.conv.bias": 1}), "is a int, not a tensor"),
        (TRANSFORMER, lambda c: c.pop(GHIASI), "has no 'state_dict_ghiasi', only 'epoch'"),
        (PREDICTOR, lambda c: c[INCEPTION].pop("fc.weight"), "lacks fc.weight"),
        (PREDICTOR, lambda c: c[INCEPTION].pop("Mixed_6b.branch1x1.bn.running_var"), "lacks Mixed_6b"),
        (EMBEDDINGS, lambda c: c.pop("imagenet_embedding_mean"), "lacks imagenet_embedding_mean"),
        (
            EMBEDDINGS,
            lambda c: c.update(pbn_embedding_mean=torch.zeros(64)),
            r"pbn_embedding_mean is \[64\] where \[100\]",
        ),
        (EMBEDDINGS, lambda c: c.update(pbn_embedding_mean=[0.0] * 100), "is a list, not a tensor"),
    ],
)
def test_wrong_contents(spoilt, file, edit, message):
    change(spoilt, file, edit)
    with pytest.raises(CheckpointError, match=message) as caught:
        StyleRandomizer.load(spoilt)
    assert str(spoilt / file) in str(caught.value)


def test_a_covariance_that_is_none(spoilt):
    change(spoilt, EMBEDDINGS, lambda c: c.update(pbn_embedding_covariance=-torch.eye(100)))
    with pytest.raises(CheckpointError, match="not positive semi-definite"):
        StyleRandomizer.load(spoilt)


@pytest.mark.parametrize("file", [TRANSFORMER, PREDICTOR, EMBEDDINGS])
@pytest.mark.parametrize("keep", [0.0, 0.001, 0.5, 0.999])
@pytest.mark.parametrize("legacy", [True, False])
def test_truncated(spoilt, contents, file, keep, legacy):
    torch.save(contents[file], spoilt / file, _use_new_zipfile_serialization=not legacy)
    content = (spoilt / file).read_bytes()
    (spoilt / file).write_bytes(content[: int(keep * len(content))])
    with pytest.raises(CheckpointError, match=file):
        StyleRandomizer.load(spoilt)


@pytest.mark.parametrize("legacy", [True, False])
def test_code_is_not_run(spoilt, legacy):
    torch.save({GHIASI: Evil()}, spoilt / TRANSFORMER, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(CheckpointError, match="holds more than tensors"):
        StyleRandomizer.load(spoilt)


@pytest.mark.parametrize("content", [b"not a checkpoint", b"<html>404</html>", b"\x80\x02."])
def test_something_else(spoilt, content):
    (spoilt / EMBEDDINGS).write_bytes(content)
    with pytest.raises(CheckpointError, match=EMBEDDINGS):
        StyleRandomizer.load(spoilt)


def test_a_bare_tensor(spoilt):
    torch.save(torch.zeros(3), spoilt / EMBEDDINGS)
    with pytest.raises(CheckpointError, match="holds a Tensor, not a checkpoint"):
        StyleRandomizer.load(spoilt)


def test_a_missing_file(spoilt, tmp_path):
    (spoilt / PREDICTOR).unlink()
    with pytest.raises(CheckpointError, match=r"checkpoint_stylepredictor.pth: it is missing"):
        StyleRandomizer.load(spoilt)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"checkpoint_transformer.pth: it is missing"):
        StyleRandomizer.load(tmp_path / "empty")


def test_one_of_the_three_files(published):
    with pytest.raises(CheckpointError, match="give the folder"):
        StyleRandomizer.load(published / TRANSFORMER)


@pytest.mark.parametrize(
    ("files", "asked"),
    [
        (["model.ckpt.index", "model.ckpt.meta", "model.ckpt.data-00000-of-00001", "checkpoint"], ""),
        (["model.ckpt.index", "model.ckpt.meta", "model.ckpt.data-00000-of-00001"], "model.ckpt"),
        (["model.ckpt.index", "model.ckpt.data-00000-of-00001"], "model.ckpt.index"),
        (["model.ckpt.data-00000-of-00001"], "model.ckpt.data-00000-of-00001"),
        (["saved_model.pb"], ""),
        (["saved_model.pb"], "saved_model.pb"),
        (["variables/variables.index", "saved_model.pb"], ""),
    ],
)
def test_magentas_checkpoint(tmp_path, files, asked):
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    with pytest.raises(CheckpointError, match=r"Magenta.*batch normalisation.*ReLU6.*preprocessing"):
        StyleRandomizer.load(tmp_path / asked)
