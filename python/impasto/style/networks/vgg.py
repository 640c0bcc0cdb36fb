"""Features by the names of VGG's layers: torchvision's VGG-16 and VGG-19, or our own small one.

Simonyan & Zisserman 2015 (arXiv 1409.1556); names as Gatys et al. 2016 write them: ``conv4_2`` is the second
convolution of the fourth block, ``relu4_2`` the same after ReLU. (PyTorch's tutorial counts convolutions through:
its ``conv_4`` is ``conv2_2``.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from impasto import checks
from impasto.checks import choice, require
from impasto.errors import CheckpointError
from impasto.extras import need
from impasto.style.networks.features import DEPTHS, SmallVGG, centered
from impasto.weights import DAMAGED, check_tensors, require_checkpoint

Pooling = Literal["max", "average"]

#: The trained weights of `SmallVGG` that come with impasto.
SMALL = Path(__file__).parent.with_name("weights") / "features.safetensors"
#: Convolutions of each block.
VGG_DEPTHS: dict[str, tuple[int, ...]] = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
_CONFIGURATIONS = {"vgg16": "D", "vgg19": "E"}  # torchvision's letters, which are the paper's
_PUBLISHED = {"vgg16": "vgg16-397923af.pth", "vgg19": "vgg19-dcbb9e9d.pth"}
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Features(nn.Module):
    """Frozen features of images, asked for by their layers' names.

    Args:
        depths: Convolutions of each block.

    Attributes:
        names: All layers, in order: ``conv1_1``, ``relu1_1``, ... and ``pool1`` ... where blocks end.
        content: The layers that Gatys et al. compare contents by, or the nearest there are.
        style: The layers that they compare styles by.
    """

    content: tuple[str, ...]
    style: tuple[str, ...]

    def __init__(self, depths: tuple[int, ...]) -> None:
        super().__init__()
        self.depths = depths
        self.names = tuple(name for name, _ in _plan(depths))

    def train(self, mode: bool = True) -> Features:
        """Stays in evaluation mode whatever is asked."""
        del mode
        return super().train(False)

    def smallest(self, layers: Iterable[str]) -> int:
        """The smallest height and width that layers can be computed for."""
        return 1 << max(int(name[4]) - (0 if name.startswith("pool") else 1) for name in layers)

    def extract(self, images: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Computes the features of some layers, and nothing beyond the deepest.

        Args:
            images: [B, 3, H, W] float, in [0, 1].
            layers: Their names, of `names`.

        Returns:
            Features [B, C, H / s, W / s] by name, in the order asked for; gradients reach the images alone.

        Raises:
            RecipeError: If a layer isn't known, or the images are too small for it, or not [B, 3, H, W] float.
        """
        wanted = tuple(dict.fromkeys(layers))
        require(len(wanted) > 0, "no layers are asked for; name at least one")
        for name in wanted:
            require(name in self.names, f"layer {name!r} is not known; layers are {', '.join(self.names)}")
        good = images.ndim == 4 and images.shape[1] == 3 and images.is_floating_point() and len(images) > 0
        require(good, f"images must be [B, 3, H, W] float, not {list(images.shape)} {images.dtype}")
        smallest = self.smallest(wanted)
        require(
            min(images.shape[2:]) >= smallest,
            f"images of {images.shape[2]}x{images.shape[3]} are too small for {', '.join(wanted)}: at least {smallest}",
        )
        found: dict[str, Tensor] = {}
        for name, features in self._walk(images):
            if name in wanted:
                found[name] = features
                if len(found) == len(wanted):
                    break
        return {name: found[name] for name in wanted}

    def forward(self, images: Tensor) -> list[Tensor]:
        """Features of the `style` layers, for losses that take a list."""
        return list(self.extract(images, self.style).values())

    def _walk(self, images: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Every layer's name and features, each computed when it is reached."""
        raise NotImplementedError


class VGG(Features):
    """torchvision's VGG-16 or VGG-19 without its classifier, on images normalised as ImageNet's.

    Args:
        kind: ``"vgg16"`` or ``"vgg19"``.
        weights: torchvision's state dict; its ``classifier.*`` is left out.
        pooling: ``"max"`` as trained, or ``"average"``, which Gatys et al. found slightly better to look at.
        path: Where the weights are from, in messages.

    Raises:
        RecipeError: If the kind or the pooling isn't known.
        CheckpointError: If the weights aren't those of such a network.
        MissingExtraError: If torchvision is not installed.
    """

    content = ("relu4_2",)
    style = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    mean: Tensor
    std: Tensor

    def __init__(
        self, kind: str, weights: dict[str, Tensor], *, pooling: Pooling = "max", path: str | Path = "weights"
    ) -> None:
        choice("kind", kind, tuple(VGG_DEPTHS))
        choice("pooling", pooling, ("max", "average"))
        super().__init__(VGG_DEPTHS[kind])
        torchvision: Any = need("torchvision.models.vgg", extra="style")
        with torch.device("meta"):
            layers = torchvision.make_layers(torchvision.cfgs[_CONFIGURATIONS[kind]], batch_norm=False)
        shapes = {f"features.{name}": value.shape for name, value in layers.state_dict().items()}
        kept = {name: value for name, value in weights.items() if not name.startswith("classifier.")}
        check_tensors(kept, shapes, path)
        layers.load_state_dict({n.removeprefix("features."): v.float() for n, v in kept.items()}, assign=True)
        self.kind = kind
        self.pooling = pooling
        self.convs = nn.ModuleList(layer for layer in layers if isinstance(layer, nn.Conv2d))
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    def _walk(self, images: Tensor) -> Iterator[tuple[str, Tensor]]:
        pool = functional.max_pool2d if self.pooling == "max" else functional.avg_pool2d
        features = (images - self.mean) / self.std
        for name, place in _plan(self.depths):
            if name.startswith("conv"):
                features = self.convs[place](features)
            elif name.startswith("relu"):
                features = functional.relu(features)  # not in place: what was yielded before is kept
            else:
                features = pool(features, 2)
            yield name, features


class SmallFeatures(Features):
    """Our `SmallVGG` by VGG's names: four blocks, so that the styles' deepest layer is ``relu4_1``.

    Args:
        network: The network.
    """

    content = ("relu4_2",)
    style = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")

    def __init__(self, network: SmallVGG) -> None:
        super().__init__(DEPTHS)
        self.kind = "small"
        self.network = network
        self.eval().requires_grad_(False)

    def smallest(self, layers: Iterable[str]) -> int:
        """The smallest height and width: reflected borders need two pixels in the deepest block."""
        return 1 << max(int(name[4]) for name in layers)

    def _walk(self, images: Tensor) -> Iterator[tuple[str, Tensor]]:
        convs = [conv for block in self.network.blocks for conv in block.convs]  # type: ignore[union-attr]
        features = centered(images)
        for name, place in _plan(self.depths):
            if name.startswith("conv"):
                features = convs[place](functional.pad(features, [1, 1, 1, 1], mode="reflect"))
            elif name.startswith("relu"):
                features = functional.relu(features)
            else:
                features = functional.avg_pool2d(features, 2)
            yield name, features


def load_features(which: str | Path = "auto", *, pooling: Pooling = "max") -> VGG | SmallFeatures:
    """Finds features; nothing is ever downloaded.

    Args:
        which: ``"vgg19"`` or ``"vgg16"``: torchvision's weights, from torch's cache of downloads. ``"small"``: those
            that come with impasto. ``"auto"``: VGG-19 if it is cached, else the small ones. A path: torchvision's
            ``.pth`` of either kind, or a ``.safetensors`` of a `SmallVGG`.
        pooling: Of VGG; the small one always takes means.

    Returns:
        The features, frozen, on the CPU. Their ``kind`` says which they are.

    Raises:
        CheckpointError: If a file is missing, damaged or of another network.
    """
    choice("pooling", pooling, ("max", "average"))
    if which == "auto":
        which = "vgg19" if _cached("vgg19") is not None else "small"
    if which in VGG_DEPTHS:
        path = _cached(str(which))
        if path is None:
            name = _PUBLISHED[str(which)]
            reason = (
                f"torchvision's weights of {which} are not there; put https://download.pytorch.org/models/{name} into "
                f"the folder, give the path of a copy, or use the features 'small'"
            )
            raise CheckpointError(reason, path=str(_folder()))
    else:
        path = SMALL if which == "small" else Path(checks.path("which", which))
    if path.suffix == ".safetensors":
        return SmallFeatures(_read_small(path))
    weights = _read_pth(path)
    kind = "vgg19" if "features.34.weight" in weights else "vgg16"
    return VGG(kind, weights, pooling=pooling, path=path)


def _plan(depths: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    """Every layer's name, with its convolution's number counted through."""
    number = 0
    for block, depth in enumerate(depths, start=1):
        for place in range(1, depth + 1):
            yield f"conv{block}_{place}", number
            yield f"relu{block}_{place}", number
            number += 1
        yield f"pool{block}", number


def _folder() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def _cached(kind: str) -> Path | None:
    # "vgg19-*" leaves out vgg19_bn, which is another network.
    return next(iter(sorted(_folder().glob(f"{kind}-*.pth"))), None)


def _read_pth(path: Path) -> dict[str, Tensor]:
    require_checkpoint(path)
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        first = str(error).partition("\n")[0]
        raise CheckpointError(f"it can't be read: {first}; use another copy", path=str(path)) from error
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise CheckpointError("it is not a state dict, as torchvision's files are; use another file", path=str(path))
    return weights


def _read_small(path: Path) -> SmallVGG:
    require_checkpoint(path)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"it can't be read: {error}; use another copy", path=str(path)) from error
    first = [weights.get(f"blocks.{block}.convs.0.weight") for block in range(len(DEPTHS))]
    widths = [16 if one is None or one.ndim == 0 else max(len(one), 1) for one in first]
    with torch.device("meta"):
        network = SmallVGG(widths=widths)
    check_tensors(weights, {name: value.shape for name, value in network.state_dict().items()}, path)
    network.load_state_dict({name: value.float() for name, value in weights.items()}, assign=True)
    return network
