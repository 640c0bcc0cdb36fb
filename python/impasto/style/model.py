"""A style model: transformer, predictor and the distribution of embeddings, kept together in one file."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from impasto.checks import require
from impasto.errors import CheckpointError, RecipeError
from impasto.files import new_file
from impasto.style.embedding import EmbeddingDistribution
from impasto.style.mixture import EmbeddingMixture
from impasto.style.networks.compact import StatisticsPredictor
from impasto.style.networks.inception import InceptionPredictor
from impasto.style.networks.transformer import StyleTransformer
from impasto.weights import check_tensors, require_checkpoint

#: The model that comes with impasto.
DEFAULT = Path(__file__).with_name("weights") / "default.safetensors"
_PREDICTORS: dict[str, type[nn.Module]] = {"inception": InceptionPredictor, "statistics": StatisticsPredictor}
_FORMAT = "impasto-style-1"


class StyleModel(nn.Module):
    """The networks of style randomization, and where its random styles come from.

    Args:
        transformer: Repaints images as embeddings say.
        predictor: From images [B, 3, H, W] in [0, 1] to their style embeddings [B, E].
        distribution: Of the style images' embeddings.
        content_mean: [E], the mean embedding of content images; the distribution's mean if None.
        about: What else is worth keeping (data, recipe, measures): JSON values.
        give_back: Whether a `StyleRandomizer` gives images back what the network loses of them, unless told otherwise.

    Raises:
        RecipeError: If the embeddings' dimensions differ.
    """

    content_mean: Tensor

    def __init__(
        self,
        transformer: StyleTransformer,
        predictor: InceptionPredictor | StatisticsPredictor,
        distribution: EmbeddingDistribution,
        content_mean: Tensor | None = None,
        about: dict[str, Any] | None = None,
        give_back: bool = False,
    ) -> None:
        super().__init__()
        sizes = {"transformer": transformer.embedding, "predictor": predictor.embedding}
        sizes["distribution"] = distribution.mean.numel()
        require(len(set(sizes.values())) == 1, f"dimensions of the embeddings differ: {sizes}")
        self.transformer = transformer
        self.predictor = predictor
        self.distribution = distribution
        mean = distribution.mean if content_mean is None else content_mean
        require(mean.shape == distribution.mean.shape, f"content_mean must be {list(distribution.mean.shape)}")
        self.register_buffer("content_mean", mean.detach().to(torch.float32).clone())
        self.about = about or {}
        self.give_back = give_back

    @property
    def embedding(self) -> int:
        """Dimensions of an embedding, E."""
        return self.transformer.embedding

    def save(self, path: str | Path, *, dtype: torch.dtype = torch.float32) -> None:
        """Writes one safetensors file, whose header says how to build the networks.

        Args:
            path: The file to write.
            dtype: Of the networks' weights on disk; the distribution stays float32.

        Raises:
            CheckpointError: If the file can't be written.
        """
        tensors = {
            name: value.detach().cpu().to(dtype if name.startswith(("transformer.", "predictor.")) else value.dtype)
            for name, value in self.state_dict().items()
        }
        kinds = {kind: name for name, kind in _PREDICTORS.items()}
        header = {
            "format": _FORMAT,
            "transformer": json.dumps(self.transformer.config),
            "predictor": json.dumps({"kind": kinds[type(self.predictor)], **self.predictor.config}),
            "about": json.dumps(self.about),
            "give_back": json.dumps(self.give_back),
        }
        try:
            with new_file(path) as partial:
                save_file({name: value.contiguous() for name, value in tensors.items()}, partial, metadata=header)
        except OSError as error:
            raise CheckpointError(f"it can't be written: {error}", path=str(path)) from error

    @classmethod
    def load(cls, path: str | Path = DEFAULT) -> "StyleModel":
        """Reads a file that `save` wrote, in evaluation mode on the CPU; by default the model that comes with impasto.

        Raises:
            CheckpointError: If it is missing, damaged, or something else. Nothing is built before names and shapes fit.
        """
        tensors, header = _read(Path(path))
        try:
            predictor, transformer = _settings(header, "predictor"), _settings(header, "transformer")
            about = _settings(header, "about") if "about" in header else {}
            give_back = json.loads(header.get("give_back", "false"))
            require(isinstance(give_back, bool), f"give_back is {give_back!r}, neither true nor false")
            kind = _PREDICTORS[predictor.pop("kind")]
            # Each block has tensors of its own: more blocks than tensors are not in the file, and are not made.
            blocks = transformer.get("residuals", 0)
            require(blocks <= len(tensors), f"{blocks} residual blocks for a file of {len(tensors)} tensors")
            with torch.device("meta"):
                expected = nn.ModuleDict(
                    {"transformer": StyleTransformer(**transformer), "predictor": kind(**predictor)}
                )
        except (KeyError, TypeError, ValueError, RuntimeError, OverflowError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else repr(error)[:300]
            raise CheckpointError(
                f"its header can't be read: {reason}; save the model again", path=str(path)
            ) from error
        size = expected["transformer"].embedding
        shapes = {name: value.shape for name, value in expected.state_dict().items()}
        shapes |= {"distribution.mean": (size,), "distribution.covariance": (size, size), "content_mean": (size,)}
        if "distribution.means" in tensors:
            count = tensors["distribution.means"].shape[:1].numel()
            shapes |= {"distribution.weights": (count,), "distribution.means": (count, size)}
            shapes["distribution.factors"] = (count, size, size)
        check_tensors(tensors, shapes, path)
        try:
            distribution = _distribution(tensors)
        except RecipeError as error:
            raise CheckpointError(f"it is damaged: {error}", path=str(path)) from error
        model = cls(
            StyleTransformer(**transformer),
            kind(**predictor),  # type: ignore[arg-type]
            distribution,
            tensors["content_mean"],
            about,
            give_back,
        )
        model.load_state_dict(tensors)
        return model.eval()


def _distribution(tensors: dict[str, Tensor]) -> EmbeddingDistribution:
    """The distribution whose names and shapes a file has.

    Raises:
        RecipeError: If its values make no distribution.
    """
    if "distribution.means" in tensors:
        parts = (tensors[f"distribution.{name}"] for name in ("weights", "means", "factors"))
        return EmbeddingMixture(*parts)
    return EmbeddingDistribution(tensors["distribution.mean"], tensors["distribution.covariance"])


def _settings(header: dict[str, str], name: str) -> dict[str, Any]:
    """What a header says of a part.

    Raises:
        KeyError: If it says nothing.
        ValueError: If it is no JSON object.
        RecursionError: If it is nested too deeply.
    """
    found = json.loads(header[name])
    if not isinstance(found, dict):
        raise ValueError(f"{name} is a {type(found).__name__}, not an object")
    return found


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    require_checkpoint(path)
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") != _FORMAT:
                found = header.get("format", "no format")
                raise CheckpointError(f"it is not a style model: its header has {found}, not {_FORMAT}", path=str(path))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"it can't be read: {error}; use another copy", path=str(path)) from error
    return {n: t.to(torch.float32) if t.is_floating_point() else t for n, t in tensors.items()}, header
