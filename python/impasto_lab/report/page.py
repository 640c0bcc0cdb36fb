"""The lab's pages: its templates, on the looks that all pages of impasto have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto import jobs


def write_page(path: Path, template: str, **context: Any) -> Path:
    """Renders a template into a file that stands alone; see `impasto.jobs.write_page`.

    Args:
        path: The HTML file.
        template: A name in ``report/templates``.
        context: What the template shows. Text is escaped.

    Raises:
        SourceError: If the file can't be written.
    """
    return jobs.write_page(path, template, Path(__file__).with_name("templates"), **context)
