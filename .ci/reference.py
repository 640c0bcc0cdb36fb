#!/usr/bin/env python3
"""Writes the pages of docs/api/ from the faces: every public name, a page for each room. `--check` only compares."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests")]

from house.tree import LIBRARY, face  # noqa: E402  found by the paths above

ROOMS = sorted(path.parent.name for path in LIBRARY.glob("*/__init__.py") if path.parent.name != "cli")
_TOP = """What `import impasto` gives: nothing is imported before it is asked for.

Recipes, loaders, MixGen's modules and style models are there by their own names too; they are documented with their
rooms."""


def pages() -> dict[Path, str]:
    """The pages' texts."""
    rooms = {f"impasto.{room}" for room in ROOMS}
    texts = {}
    for module in ("impasto", *sorted(rooms)):
        names = [
            name
            for name, home in face(module).items()
            if not name.startswith("__") and f"{module}.{name}" not in rooms and home not in rooms - {module}
        ]
        documented = (importlib.import_module(module).__doc__ or "").partition(">>>")[0].strip()
        parts = [f"# {module}", _TOP if module == "impasto" else documented]
        parts += [f"::: {module}.{name}" for name in sorted(names, key=lambda name: (name.lower(), name))]
        texts[ROOT / "docs" / "api" / f"{module.rpartition('.')[2]}.md"] = "\n\n".join(parts) + "\n"
    return texts


if __name__ == "__main__":
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" not in sys.argv[1:]:
        for path in stale:
            path.write_text(pages()[path], encoding="utf-8")
    elif stale:
        raise SystemExit(f"{', '.join(path.name for path in stale)}: not what the faces offer; run .ci/reference.py")
