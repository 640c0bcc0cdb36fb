"""Opens a style model, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

from impasto import checks
from impasto.errors import CheckpointError
from impasto.style.model import DEFAULT, StyleModel
from impasto.style.published import load_published

_MAGENTA = (
    "it is a TensorFlow checkpoint, such as Magenta's arbitrary image stylization. Its weights are of another network "
    "(batch normalisation in the first layers, ReLU6 and another preprocessing in the predictor), so they can't be "
    "used here; use impasto's own model, or the folder of the three published .pth files"
)


def open_model(path: str | Path | None = None) -> StyleModel:
    """Opens a style model, in evaluation mode on the CPU.

    Args:
        path: A safetensors file of ours, or the folder of the three published .pth files of
            philipjackson/style-augmentation; None opens the model that comes with impasto.

    Raises:
        CheckpointError: If it is missing, damaged, or of another kind (such as Magenta's); the message says why.
        RecipeError: If it is no path.
    """
    if path is None:
        return StyleModel.load(DEFAULT)
    path = Path(checks.path("path", path))
    if _is_tensorflow(path):
        raise CheckpointError(_MAGENTA, path=str(path))
    if path.is_dir():
        return load_published(path)
    if not path.exists():
        raise CheckpointError("it doesn't exist", path=str(path))
    if path.suffix in (".pth", ".pt", ".ckpt"):
        raise CheckpointError(
            "it is one file of torch's; give the folder with the three published .pth files, or a .safetensors file",
            path=str(path),
        )
    return StyleModel.load(path)


def _is_tensorflow(path: Path) -> bool:
    # A TensorFlow checkpoint is named by the part that its files' names share.
    files = list(path.iterdir()) if path.is_dir() else [path, *path.parent.glob(path.name + ".*")]
    return any(
        file.suffix in (".index", ".meta") or ".data-0" in file.name or file.name == "saved_model.pb" for file in files
    )
