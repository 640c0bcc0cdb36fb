"""Small images and annotation files for the sources."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from impasto.sources import IndexedSource


class Row(NamedTuple):
    key: str
    path: str
    captions: list[str]
    label: int | None = None


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 10), (200, 30, 30)).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


@pytest.fixture
def write_json(tmp_path: Path) -> Callable[[Any], Path]:
    def write(document: Any) -> Path:
        path = tmp_path / "annotations.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write


@pytest.fixture
def rows_of() -> Callable[..., list[Row]]:
    """The rows of a source, with paths below ``root``."""

    def rows_of(source: IndexedSource, root: Path) -> list[Row]:
        index = source.index
        return [
            Row(
                index.key(row),
                str(Path(index.path(row)).relative_to(root)),
                index.captions(row),
                index.label(row),
            )
            for row in range(len(source))
        ]

    return rows_of
