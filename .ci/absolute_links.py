#!/usr/bin/env python3
"""Makes README's links absolute and gives pyproject.toml its addresses, for PyPI: `absolute_links.py URL TAG`.

Where the repository lies it doesn't say itself: the workflow that builds a release knows. Nothing of this is committed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: A link's or picture's target that is a path.
_PATH = re.compile(r"(!?)(\[[^\]]*\])\((?!\w+:|#)([^)\s]+)\)")


def absolute(markdown: str, url: str, tag: str) -> str:
    """Markdown whose paths are addresses of the repository's files at a tag."""

    def address(found: re.Match[str]) -> str:
        picture, words, path = found.groups()
        return f"{picture}{words}({url}/{'raw' if picture else 'blob'}/{tag}/{path})"

    return _PATH.sub(address, markdown)


def addressed(project: str, url: str, tag: str) -> str:
    """pyproject.toml with the table of addresses."""
    urls = {
        "Repository": url,
        "Documentation": f"{url}/blob/{tag}/docs/index.md",
        "Changelog": f"{url}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{url}/issues",
    }
    table = "\n".join(["[project.urls]", *(f'{name} = "{address}"' for name, address in urls.items())])
    before, scripts, after = project.partition("[project.scripts]\n")
    if not scripts:
        raise SystemExit("pyproject.toml has no [project.scripts], before which its addresses go")
    return f"{before}{table}\n\n{scripts}{after}"


if __name__ == "__main__":
    _, url, tag = sys.argv
    for name, change in (("README.md", absolute), ("pyproject.toml", addressed)):
        path = ROOT / name
        path.write_text(change(path.read_text(encoding="utf-8"), url, tag), encoding="utf-8")
