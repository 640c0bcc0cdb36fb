"""HTML pages that stand alone: one file, pictures inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from impasto.errors import SourceError
from impasto.files import new_file


def write_page(path: Path, template: str, **context: Any) -> Path:
    """Renders a template into a file, which appears when it is complete.

    Args:
        path: The HTML file.
        template: A name in ``report/templates``.
        context: What the template shows. Text is escaped.

    Raises:
        SourceError: If the file can't be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template(template).render(**context)
    try:
        with new_file(path) as partial:
            partial.write_text(html, encoding="utf-8")
    except OSError as error:
        raise SourceError(f"the report can't be written: {error.strerror}", path=str(path)) from error
    return path
