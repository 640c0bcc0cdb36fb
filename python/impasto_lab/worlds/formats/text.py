"""How the formats write JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def dump(document: Any, indent: int | None = None) -> str:
    """A document as JSON, in letters as they are."""
    return json.dumps(document, ensure_ascii=False, indent=indent)


def save(path: Path, document: Any, indent: int | None = None) -> None:
    """Writes a document as a JSON file."""
    path.write_text(dump(document, indent) + "\n", encoding="utf-8")
