"""Packages that an extra brings: imported where they are used, missed with the command that installs them."""

from __future__ import annotations

import importlib
from typing import Any

from impasto.errors import MissingExtraError


def need(module: str, extra: str) -> Any:
    """Imports a module that belongs to one of impasto's extras.

    Args:
        module: The module's full name, such as ``"rich.progress"``.
        extra: The extra that brings it, as pyproject.toml names it.

    Returns:
        The module.

    Raises:
        MissingExtraError: If the package is not installed; the message holds the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # the package is there, and something that it needs in turn is not
        raise missing(package, extra) from error


def missing(package: str, extra: str) -> MissingExtraError:
    """The error of a package that is not installed, with the command that installs it."""
    return MissingExtraError(f"{package} is not installed; pip install 'impasto[{extra}]'")
