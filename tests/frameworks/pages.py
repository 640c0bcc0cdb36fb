"""The Python of docs/integrations, run as a reader would run it."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parents[2] / "docs" / "integrations"
_BLOCK = re.compile(r"^( *)```python\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[str]:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return [textwrap.dedent(block) for _, block in _BLOCK.findall(text)]


def run_page(page: str, *, only: slice = slice(None), **names: Any) -> dict[str, Any]:
    """Runs a page's blocks, one after another, with names that the page leaves to its reader."""
    names |= {"__name__": f"page {page}"}
    for number, block in list(enumerate(blocks(page)))[only]:
        exec(compile(block, f"{page}.md, Python block {number}", "exec"), names)
    return names
