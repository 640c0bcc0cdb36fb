"""HTML pages that stand alone: one file, pictures inside."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from impasto.extras import need
from impasto.files import new_file, writing
from impasto.jobs.images import encode_image, shrink_to
from impasto.ops import Image


def write_page(path: str | Path, template: str, templates: str | Path | None = None, **context: Any) -> Path:
    """Renders a jinja2 template into a file, which appears when it is complete.

    Args:
        path: The HTML file.
        template: A name in the folder; it may extend ``base.html``, which has the looks of all pages of impasto.
        templates: The folder; impasto's own by default.
        context: What the template shows. Text is escaped.

    Returns:
        The file.

    Raises:
        SourceError: If the file can't be written.
        MissingExtraError: If jinja2 is not installed.
    """
    jinja2, own = need("jinja2", extra="clean"), Path(__file__).with_name("templates")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([own if templates is None else Path(templates), own]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template(template).render(**context)
    with writing("the page", path), new_file(path) as partial:
        partial.write_text(html, encoding="utf-8")
    return Path(path)


def data_uri(pixels: Image, *, longest: int = 448, quality: int = 88) -> str:
    """An image as the ``src`` of an ``<img>``.

    Args:
        pixels: [H, W, 3] RGB, uint8.
        longest: The longer side is scaled down to this, in pixels.
        quality: JPEG's, from 1 to 100.

    Raises:
        MissingExtraError: If Pillow is not installed.
    """
    return encoded(encode_image(shrink_to(pixels, longest), quality=quality), "image/jpeg")


def encoded(content: bytes, kind: str) -> str:
    """Bytes as a data URI of a media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
