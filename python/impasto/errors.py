"""What impasto raises: one family, each kind also the built-in exception people expect there."""

from __future__ import annotations

import json
from typing import Any

#: Begins the line that carries an error's parts through the text that worker processes send.
_PARTS = "impasto.errors: "


class ImpastoError(Exception):
    """The base of everything impasto raises.

    Attributes:
        reason: What is wrong and what to do about it.
        key: The sample's key in its data set, when one sample is at fault.
        path: The file (or ``shard.tar:key``) at fault, when there is one.
    """

    def __init__(self, reason: str, *, key: str | None = None, path: str | None = None) -> None:
        parts = _unpacked(reason) or {"reason": reason, "key": key, "path": path}
        super().__init__(parts["reason"])
        self.reason: str = parts["reason"]
        self.key: str | None = parts["key"]
        self.path: str | None = parts["path"]

    def __str__(self) -> str:
        where = [f"sample {self.key!r}"] if self.key is not None else []
        where += [str(self.path)] if self.path is not None else []
        return f"{', '.join(where)}: {self.reason}" if where else self.reason

    def pack(self) -> None:
        """Makes reason, key and path survive a worker process of torch's DataLoader.

        It sends the traceback as text, and gives all of it to the constructor as the reason: whatever is not in the
        text is lost.
        """
        parts = {"reason": self.reason, "key": self.key, "path": self.path}
        self.add_note(_PARTS + json.dumps(parts, default=str))


def _unpacked(text: object) -> dict[str, Any] | None:
    """The parts in a text that a worker process sent."""
    if not isinstance(text, str) or _PARTS not in text:
        return None
    line = text.rpartition(_PARTS)[2].partition("\n")[0]
    try:
        parts = json.loads(line)
    except json.JSONDecodeError:
        return None
    return parts if isinstance(parts, dict) and parts.keys() == {"reason", "key", "path"} else None


class DecodeError(ImpastoError, ValueError):
    """The bytes are not a well-formed image of a format that impasto reads."""


class TruncatedImageError(DecodeError):
    """The image ends before its last pixel."""


class UnsupportedImageError(DecodeError):
    """A well-formed image of a kind that impasto does not read."""


class ImageTooLargeError(DecodeError):
    """The header asks for more pixels, bytes or scans than the recipe's limits allow."""


class SourceError(ImpastoError, OSError):
    """A file, shard or annotation file is missing, unreadable or not what it should be."""


class CaptionError(ImpastoError, ValueError):
    """A caption is missing, empty, over-long or not UTF-8."""


class VocabularyError(ImpastoError, ValueError):
    """A tokenizer's vocabulary is missing or damaged."""


class RecipeError(ImpastoError, ValueError):
    """A recipe or an argument makes no sense."""


class BatchError(ImpastoError, AttributeError):
    """A part of a batch is asked for that code between has lost."""


class TransformError(ImpastoError, RuntimeError):
    """A user's own transform failed, or gave something else than an image."""


class BadSampleBudgetError(ImpastoError, RuntimeError):
    """More samples were bad than ``on_error="replace"`` was allowed to replace."""


class MissingExtraError(ImpastoError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class CheckpointError(ImpastoError, ValueError):
    """A checkpoint is missing, damaged, or of another model or data."""


class JobError(ImpastoError, RuntimeError):
    """A job can't go on: another run works in its folder, or a worker was lost; what is done stays done."""


class DeviceMemoryError(ImpastoError, RuntimeError):
    """A GPU's memory is full; the message says which batch would fit."""


class WorkerLostError(ImpastoError, RuntimeError):
    """A worker process ended, or could not hand over the batch that it had made."""


class InternalError(ImpastoError, RuntimeError):
    """A bug of impasto's own, such as a panic in native code; it says nothing about the data."""


class DivergedError(ImpastoError, ArithmeticError):
    """The training loss is no longer a number."""


def located(error: ImpastoError, key: str | None, path: str | None) -> ImpastoError:
    """The same error, naming the sample and the file where it names none."""
    return type(error)(error.reason, key=error.key or key, path=error.path or path)
