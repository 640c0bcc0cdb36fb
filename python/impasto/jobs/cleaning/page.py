"""What cleaning found, with pictures: one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import impasto
from impasto import ops
from impasto.errors import ImpastoError
from impasto.jobs.cleaning.report import CleanReport, LeftOut
from impasto.jobs.pages.writing import data_uri, write_page
from impasto.sources import Source

#: Pictures of one flag, and their longer side in pixels.
_SHOWN = 24
_LONGEST = 240


def write_clean_page(path: Path, source: Source, report: CleanReport) -> None:
    """Writes the page.

    Args:
        path: The HTML file.
        source: The data set; the pictures that are shown are read again.
        report: What was found.

    Raises:
        SourceError: If the file can't be written.
        MissingExtraError: If jinja2 or Pillow is not installed.
    """
    sections = [_section(flag.kind, flag.count, source, report.left_out) for flag in report.flags]
    write_page(
        path,
        "clean.html",
        title="What to leave out",
        report=report,
        sections=sections,
        version=impasto.__version__,
    )


def _section(kind: str, count: int, source: Source, rows: Sequence[LeftOut]) -> dict[str, Any]:
    of_kind = [one for one in rows if kind in one.flags]
    shown = [of_kind[at * len(of_kind) // _SHOWN] for at in range(_SHOWN)] if len(of_kind) > _SHOWN else of_kind
    pairs = kind in ("duplicate image", "near duplicate")
    told = f"{count:,} row{'' if count == 1 else 's'}"
    told += f"; {len(shown)} of them, evenly spread" if len(shown) < count else ""
    told += "; on the left the one that stays" if pairs else ""
    return {"kind": kind, "told": told, "pairs": pairs, "shown": list(_figures(kind, source, shown, pairs))}


def _figures(kind: str, source: Source, rows: Sequence[LeftOut], pairs: bool) -> Iterator[dict[str, Any]]:
    for one in rows:
        places = [one.of_row, one.row] if pairs else [one.row]
        images = [_picture(source, row) for row in places if row is not None]
        yield {"images": images, "key": one.key, "caption": _caption(source, one.row), "reason": one.flags[kind]}


def _picture(source: Source, row: int) -> str | None:
    """The picture as far as it goes; None where there is none."""
    try:
        index, place = source.find(row)
        pixels = ops.decode(index.image(place), truncated="keep")
    except ImpastoError:
        return None
    return data_uri(pixels, longest=_LONGEST, quality=80)


def _caption(source: Source, row: int) -> str:
    try:
        captions = source.find(row)[0].captions(source.find(row)[1])
    except ImpastoError:
        return ""
    text = " ".join(captions[0].split()) if captions else ""
    return text if len(text) <= 90 else text[:87] + "..."
