"""What an experiment's data were made with, noted beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.errors import RecipeError, SourceError
from impasto.files import new_file
from impasto_lab.experiments.results import differing

#: The note, in an experiment's folder.
NAME = "prepared.json"


def require_no_data(shared: Path) -> None:
    """Requires that a folder, in which a world is to be rendered, was not prepared for real data.

    Raises:
        RecipeError: If it was.
    """
    if (shared / NAME).exists():
        reason = "what lies here was made of real data; choose another folder for a world, or remove it"
        raise RecipeError(reason, path=str(shared / NAME))


def keep_to(path: Path, settings: Mapping[str, Any]) -> None:
    """Notes settings, or sees that those noted there before are the same.

    Args:
        path: The note, a JSON file.
        settings: What is made depends on.

    Raises:
        RecipeError: If other settings are noted; what was made with them would be taken for what these would make.
        SourceError: If the note is damaged.
    """
    own = json.loads(json.dumps(settings, default=str))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(path) as partial:
            partial.write_text(json.dumps(own, indent=2) + "\n", encoding="utf-8")
        return
    try:
        there = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        reason = f"it can't be read: {error!r}; choose another folder, or remove what is in this one"
        raise SourceError(reason, path=str(path)) from error
    if there != own:
        differ = differing(there, own)
        reason = f"what lies here was made with other settings: {differ}; choose another folder, or remove it"
        raise RecipeError(reason, path=str(path))
