"""Lists of URLs and captions: SBU's, Conceptual Captions', LAION's; the images are the world's, by their names."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import save

_WEB = "http://images.invalid/"


class WebCaptionsWriter:
    """Writes into ``web/``, for each split, SBU's JSON and two lists, Conceptual Captions' two kinds, LAION's Parquet.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "web"
        self._folder.mkdir()
        self._pairs: dict[str, list[tuple[str, str]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        del number
        self._pairs[sample.split] += [(f"{_WEB}{file}", caption) for caption in sample.captions]

    def close(self) -> None:
        """Writes the files of the splits that have samples."""
        for split, pairs in self._pairs.items():
            if pairs:
                self._write(split, pairs)

    def _write(self, split: str, pairs: list[tuple[str, str]]) -> None:
        urls, captions = [url for url, _ in pairs], [caption for _, caption in pairs]
        save(self._folder / f"sbu_{split}.json", {"image_urls": urls, "captions": captions})
        lines = {
            f"sbu_{split}_urls.txt": urls,
            f"sbu_{split}_captions.txt": captions,
            f"cc3m_{split}.tsv": [f"{caption}\t{url}" for url, caption in pairs],
            f"cc12m_{split}.tsv": [f"{url}\t{caption}" for url, caption in pairs],
        }
        for name, some in lines.items():
            (self._folder / name).write_text("".join(f"{line}\n" for line in some), encoding="utf-8")
        table = pa.table({"URL": urls, "TEXT": captions})
        pyarrow.parquet.write_table(table, self._folder / f"laion_{split}.parquet")
