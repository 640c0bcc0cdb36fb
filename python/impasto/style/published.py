"""The checkpoints of Jackson et al. (philipjackson/style-augmentation): three .pth files in a folder."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto.checks import require
from impasto.errors import CheckpointError, RecipeError
from impasto.style.embedding import EmbeddingDistribution
from impasto.style.model import StyleModel
from impasto.style.networks.inception import InceptionPredictor
from impasto.style.networks.transformer import StyleTransformer
from impasto.weights import DAMAGED, check_tensors

TRANSFORMER, PREDICTOR = "checkpoint_transformer.pth", "checkpoint_stylepredictor.pth"
EMBEDDINGS = "checkpoint_embeddings.pth"
_NETWORKS = {TRANSFORMER: "state_dict_ghiasi", PREDICTOR: "state_dict_stylepredictor"}
_MEAN, _COVARIANCE = "pbn_embedding_mean", "pbn_embedding_covariance"
_CONTENT = "imagenet_embedding_mean"
_COUNTER = "num_batches_tracked"


def load_published(folder: str | Path) -> StyleModel:
    """Reads the published checkpoints, without running any code that may be in them.

    Names and shapes are checked before anything is built. The predictor gets the preprocessing that its weights were
    trained with (`PREPROCESSING` in `impasto.style.networks.inception`), and always runs with its running statistics,
    of which the published example (which never calls ``eval()``) takes the batch's instead.

    Args:
        folder: With ``checkpoint_transformer.pth``, ``checkpoint_stylepredictor.pth``, ``checkpoint_embeddings.pth``.

    Returns:
        The model, in evaluation mode on the CPU.

    Raises:
        CheckpointError: If a file is missing, damaged, or of something else.
        MissingExtraError: If torchvision is not installed.
    """
    folder = Path(folder)
    contents = {name: _read(folder / name) for name in (TRANSFORMER, PREDICTOR, EMBEDDINGS)}
    with torch.device("meta"):
        shapes = {name: _shapes(name, network) for name, network in _networks().items()}
    tensors = {name: _part(contents[name], key, folder / name) for name, key in _NETWORKS.items()}
    for name, found in tensors.items():
        expected = shapes[name]
        optional = {key for key in expected if key.endswith(_COUNTER) and key not in found}
        check_tensors(found, {key: shape for key, shape in expected.items() if key not in optional}, folder / name)
        found |= {key: torch.zeros((), dtype=torch.int64) for key in optional}
    size = shapes[PREDICTOR]["fc.bias"][0]
    statistics = {key: contents[EMBEDDINGS].get(key) for key in (_MEAN, _COVARIANCE, _CONTENT)}
    present = _tensors({key: value for key, value in statistics.items() if value is not None}, folder / EMBEDDINGS)
    check_tensors(present, {_MEAN: (size,), _COVARIANCE: (size, size), _CONTENT: (size,)}, folder / EMBEDDINGS)
    built = _networks()
    for name, network in built.items():
        theirs = tensors[name]
        network.load_state_dict({ours: theirs[_published(name, ours)] for ours in network.state_dict()})
    try:
        distribution = EmbeddingDistribution(present[_MEAN], present[_COVARIANCE])
    except RecipeError as error:
        raise CheckpointError(f"it is damaged: {error}", path=str(folder / EMBEDDINGS)) from error
    model = StyleModel(
        built[TRANSFORMER],  # type: ignore[arg-type]
        built[PREDICTOR],  # type: ignore[arg-type]
        distribution,
        present[_CONTENT],
        {"source": "philipjackson/style-augmentation"},
    )
    return model.eval()


def save_published(model: StyleModel, folder: str | Path) -> None:
    """Writes a model as the published files are, so that code for them can use it.

    Args:
        model: Of the published networks, with ``preprocessing="published"``, which that code has.
        folder: Where; made if missing.

    Raises:
        RecipeError: If the model is of other networks or preprocessing.
        CheckpointError: If the files can't be written.
    """
    built = {TRANSFORMER: model.transformer, PREDICTOR: model.predictor}
    for name, network in _networks().items():
        own, published = built[name].config, getattr(network, "config", None)
        require(
            type(built[name]) is type(network) and own == published,
            f"the model's {type(built[name]).__name__} {own} is not the published {type(network).__name__} {published}",
        )
    folder = Path(folder)
    contents: dict[str, dict[str, Any]] = {
        name: {key: {_published(name, ours): value.cpu() for ours, value in built[name].state_dict().items()}}
        for name, key in _NETWORKS.items()
    }
    contents[EMBEDDINGS] = {
        _MEAN: model.distribution.mean.cpu(),
        _COVARIANCE: model.distribution.covariance.cpu(),
        _CONTENT: model.content_mean.cpu(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            torch.save(content, folder / name)
    except OSError as error:
        raise CheckpointError(f"it can't be written: {error}", path=str(folder)) from error


def _networks() -> dict[str, nn.Module]:
    return {TRANSFORMER: StyleTransformer(), PREDICTOR: InceptionPredictor(preprocessing="published")}


def _published(file: str, ours: str) -> str:
    """Their name of a tensor."""
    if file == PREDICTOR:
        return ours
    module, _, kind = ours.rpartition(".")
    layer, _, part = module.rpartition(".")
    part = part if part == "conv" else f"fc_{part}"
    numbered = re.fullmatch(r"residual\.(\d)\.(first|second)", layer)
    if numbered:
        place, which = int(numbered[1]) + 3, {"first": "1", "second": "2"}[numbered[2]]
        return f"layers.{place}.{part}{which}.{kind}"
    block, _, rest = layer.partition(".")
    place = {"contract": 0, "expand": 8, "paint": 10}[block] + int(rest.partition(".")[0] or 0)
    return f"layers.{place}.{part}.{kind}"


def _shapes(file: str, network: nn.Module) -> dict[str, torch.Size]:
    return {_published(file, name): value.shape for name, value in network.state_dict().items()}


def _read(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        names = ", ".join((TRANSFORMER, PREDICTOR, EMBEDDINGS))
        raise CheckpointError(f"it is missing; the folder of a published checkpoint has {names}", path=str(path))
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).strip().partition("\n")[0]
        raise CheckpointError(
            f"it holds more than tensors, or is damaged, and was not run: {reason}", path=str(path)
        ) from error
    except DAMAGED as error:
        raise CheckpointError(f"it is damaged or cut short: {error!r}; use another copy", path=str(path)) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"it holds a {type(content).__name__}, not a checkpoint", path=str(path))
    return content


def _part(content: Mapping[str, Any], key: str, path: Path) -> dict[str, Tensor]:
    if not isinstance(content.get(key), Mapping):
        found = ", ".join(map(repr, list(content)[:4]))
        raise CheckpointError(f"it has no {key!r}, only {found}; it is another file", path=str(path))
    return _tensors(content[key], path)


def _tensors(found: Mapping[str, Any], path: Path) -> dict[str, Tensor]:
    for name, value in found.items():
        if not isinstance(value, Tensor):
            raise CheckpointError(f"{name} is a {type(value).__name__}, not a tensor", path=str(path))
    return dict(found)
