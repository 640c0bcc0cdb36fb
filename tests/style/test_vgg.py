"""Layers have the published names: torchvision's own network, walked by number, gives the same features."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

import impasto
from impasto.style.networks.features import SmallVGG
from impasto.style.networks.vgg import SMALL, VGG, SmallFeatures, load_features

# Where torchvision keeps some layers: vgg19.features[21] is conv4_2, as its documentation and tutorials count.
PLACES = {
    "vgg16": {"conv1_1": 0, "relu1_2": 3, "pool1": 4, "relu2_2": 8, "relu3_3": 15, "relu4_3": 22, "conv5_3": 28},
    "vgg19": {"conv1_1": 0, "conv2_1": 5, "conv3_1": 10, "relu4_1": 20, "conv4_2": 21, "conv5_1": 28, "pool5": 36},
}


@pytest.fixture(scope="module")
def layers() -> dict[str, nn.Sequential]:
    torch.manual_seed(0)
    return {kind: make_layers(cfgs[letter], batch_norm=False) for kind, letter in (("vgg16", "D"), ("vgg19", "E"))}


@pytest.fixture(scope="module")
def files(layers: dict[str, nn.Sequential], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hub") / "checkpoints"
    folder.mkdir()
    paths = {kind: folder / f"{kind}-0123abcd.pth" for kind in layers}
    for kind, path in paths.items():
        state = {f"features.{name}": value for name, value in layers[kind].state_dict().items()}
        torch.save(state | {"classifier.0.weight": torch.zeros(4, 4)}, path)
    return paths


def _images(side: int = 48) -> Tensor:
    return torch.rand(2, 3, side, side + 5, generator=torch.Generator().manual_seed(1))


def _by_number(network: nn.Sequential, images: Tensor, last: int) -> Tensor:
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return network[: last + 1]((images - mean.view(3, 1, 1)) / std.view(3, 1, 1))


@pytest.mark.parametrize("kind", ["vgg16", "vgg19"])
def test_layers_are_torchvisions(kind: str, layers: dict[str, nn.Sequential], files: dict[str, Path]) -> None:
    features = load_features(files[kind])
    assert features.kind == kind
    found = features.extract(_images(), PLACES[kind])
    assert list(found) == list(PLACES[kind])
    with torch.no_grad():
        for name, number in PLACES[kind].items():
            torch.testing.assert_close(found[name], _by_number(layers[kind], _images(), number))


def test_nothing_is_computed_beyond_the_deepest_layer(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    features = load_features(files["vgg16"])
    monkeypatch.setattr(features.convs[3], "forward", lambda _: pytest.fail("conv2_2 was computed"))
    assert features.extract(_images(), ["relu2_1", "conv1_2"])["relu2_1"].shape == (2, 128, 24, 26)


def test_pooling_by_means(files: dict[str, Path]) -> None:
    largest, mean = (load_features(files["vgg16"], pooling=pooling) for pooling in ("max", "average"))
    found = mean.extract(_images(), ["relu1_2", "pool1"])
    torch.testing.assert_close(found["pool1"], nn.AvgPool2d(2)(found["relu1_2"]))
    assert not torch.equal(found["pool1"], largest.extract(_images(), ["pool1"])["pool1"])


def test_gradients_reach_the_images_alone(files: dict[str, Path]) -> None:
    features = load_features(files["vgg19"]).train()
    assert not features.training
    images = _images().requires_grad_()
    sum(layer.square().mean() for layer in features(images)).backward()
    assert images.grad is not None and bool(images.grad.ne(0).any())
    assert all(parameter.grad is None for parameter in features.parameters())


def test_the_cache_of_torch_is_looked_into(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(files["vgg19"].parent.parent))
    assert [load_features(which).kind for which in ("auto", "vgg16", "vgg19")] == ["vgg19", "vgg16", "vgg19"]


def test_without_a_cache_nothing_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(impasto.CheckpointError, match=r"vgg19-dcbb9e9d\.pth into the folder"):
        load_features("vgg19")
    if SMALL.exists():
        assert load_features("auto").kind == "small"


def test_small_features_have_vggs_names(tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = SmallVGG(widths=(4, 6, 8, 10))
    save_file(network.state_dict(), tmp_path / "small.safetensors")
    features = load_features(tmp_path / "small.safetensors")
    assert isinstance(features, SmallFeatures)
    found = features.extract(_images(), ["relu1_2", "relu2_2", "relu3_3", "relu4_3"])
    for own, expected in zip(found.values(), network(_images()), strict=True):
        torch.testing.assert_close(own, expected)


def _damage(state: dict[str, Tensor], how: str) -> object:
    if how == "lacks features.0.bias":
        del state["features.0.bias"]
    elif how == "has unknown features.1.weight":
        state["features.1.weight"] = torch.zeros(64)  # as batch norm's
    elif how == "features.0.weight is":
        state["features.0.weight"] = torch.zeros(64, 1, 3, 3)
    elif how == "not finite":
        state["features.0.bias"] = torch.full((64,), float("nan"))
    else:
        return {"model": state}
    return state


@pytest.mark.parametrize(
    "how",
    [
        "lacks features.0.bias",
        "has unknown features.1.weight",
        "features.0.weight is",
        "not finite",
        "not a state dict",
    ],
)
def test_weights_of_something_else(how: str, layers: dict[str, nn.Sequential], tmp_path: Path) -> None:
    state = {f"features.{name}": value for name, value in layers["vgg16"].state_dict().items()}
    torch.save(_damage(state, how), tmp_path / "mine.pth")
    with pytest.raises(impasto.CheckpointError, match=rf"mine\.pth: .*{how}"):
        load_features(tmp_path / "mine.pth")


def test_files_that_cannot_be_read(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(impasto.CheckpointError, match="does not exist"):
        load_features(tmp_path / "missing.pth")
    cut = tmp_path / "cut.pth"
    cut.write_bytes(files["vgg16"].read_bytes()[:1000])
    with pytest.raises(impasto.CheckpointError, match=r"cut\.pth: it can't be read"):
        load_features(cut)
    code = tmp_path / "code.pth"
    torch.save(nn.Linear(1, 1), code)  # a pickle that would run code
    with pytest.raises(impasto.CheckpointError, match="it can't be read"):
        load_features(code)
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(1)}, other)
    with pytest.raises(impasto.CheckpointError, match="it lacks blocks"):
        load_features(other)
    with pytest.raises(impasto.CheckpointError, match="does not exist"):
        load_features(tmp_path / "missing.safetensors")


@pytest.mark.parametrize(
    ("images", "asked", "reason"),
    [
        (torch.rand(1, 3, 64, 64), ["conv6_1"], "layers are conv1_1"),
        (torch.rand(1, 3, 64, 64), [], "no layers are asked for"),
        (torch.rand(1, 1, 64, 64), ["conv1_1"], r"must be \[B, 3, H, W\] float"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), ["conv1_1"], "uint8"),
        (torch.rand(1, 3, 64, 7), ["relu4_2", "conv1_1"], "too small for relu4_2, conv1_1: at least 8"),
    ],
)
def test_what_makes_no_sense(files: dict[str, Path], images: Tensor, asked: list[str], reason: str) -> None:
    with pytest.raises(impasto.RecipeError, match=reason):
        load_features(files["vgg19"]).extract(images, asked)


def test_names_that_are_not_known(layers: dict[str, nn.Sequential]) -> None:
    with pytest.raises(impasto.RecipeError, match="vgg11"):
        VGG("vgg11", {})
    with pytest.raises(impasto.RecipeError, match="median"):
        load_features("small", pooling="median")


@pytest.mark.gpu
def test_on_a_gpu(files: dict[str, Path]) -> None:
    features = load_features(files["vgg19"])
    expected = features.extract(_images(), ["relu4_2"])["relu4_2"]
    found = features.cuda().extract(_images().cuda(), ["relu4_2"])["relu4_2"]
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-3, atol=1e-4)
