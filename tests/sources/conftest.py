"""Small images and annotation files for the sources."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from impasto.errors import ImpastoError
from impasto.sources import IndexedSource, Source


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


@pytest.fixture
def faults() -> Callable[[Source], dict[str, str]]:
    """What is wrong with the rows of a source, by key: of the image, the label and each caption."""

    def faults(source: Source) -> dict[str, str]:
        index = source.index if isinstance(source, IndexedSource) else source.gather(range(len(source)))
        found: dict[str, str] = {}
        for row in range(len(index)):
            errors = [] if (error := index.fault(row)) is None else [error]
            for which in range(index.caption_count(row)):
                try:
                    index.caption(row, which)
                except ImpastoError as error:
                    errors.append(error)
            assert all(error.key == index.key(row) and error.path for error in errors)
            if errors:
                found[index.key(row)] = "; ".join(f"{type(error).__name__}: {error.reason}" for error in errors)
        return found

    return faults


@pytest.fixture
def write_tar(tmp_path: Path) -> Callable[..., Path]:
    """Writes a shard of members, in their order; those without data are folders."""

    def write(
        members: list[tuple[str, bytes | None]], name: str = "shard.tar", tar_format: int = tarfile.GNU_FORMAT
    ) -> Path:
        path = tmp_path / name
        with tarfile.open(path, "w", format=tar_format) as tar:
            for member, data in members:
                info = tarfile.TarInfo(member)
                info.size, info.type = len(data or b""), tarfile.DIRTYPE if data is None else tarfile.REGTYPE
                tar.addfile(info, io.BytesIO(data or b""))
        return path

    return write
