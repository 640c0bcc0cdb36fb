"""Data sets without the rows whose images are not there."""

from __future__ import annotations

import os
from functools import cache

import numpy as np

from impasto.checks import probability
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource, Source, Subset


class Present(Subset):
    """The rows of a data set whose image files are there; see `present`.

    Args:
        data: The data set.
        missing: The largest share of files that may be missing.
    """

    def __init__(self, data: IndexedSource, missing: float) -> None:
        names = cache(lambda folder: frozenset(_names(folder)))
        index = data.index
        rows: list[int] = []
        gone: list[int] = []
        for row in range(len(data)):
            folder, _, name = index.path(row).rpartition(os.sep)
            # What is wrong with a row besides is that row's error, as everywhere.
            here = index.fault(row) is not None or name in names(folder)
            (rows if here else gone).append(row)
        super().__init__(data, np.array(rows, np.int64))
        if len(gone) > missing * len(data):
            share = f"{len(gone)} of {len(data)} images are not there, such as {index.path(gone[0])}, of {data!r}"
            remedy = "check the folder, which is one for all data sets where it is named (images=, --images)"
            raise SourceError(f"{share}; {remedy}, or allow for it with missing={len(gone) / len(data):.2f}")
        self.left_out = {**data.left_out, **({"missing images": len(gone)} if gone else {})}


def present(data: Source, *, missing: float = 0.5) -> Source:
    """A data set without the rows whose image files are missing, as lists of URLs leave them: 700,000 of 4 million.

    ``data.left_out["missing images"]`` counts them, and ``impasto info`` reports them. Which rows are left decides all
    batches: a file that comes later makes another data set of it.

    Args:
        data: The data set; one whose images are no files of their own, such as shards, comes back as it is.
        missing: The largest share of files that may be missing.

    Raises:
        SourceError: If more are.
        RecipeError: If the share makes no sense.
    """
    probability("missing", missing)
    return Present(data, missing) if isinstance(data, IndexedSource) and data.image_files else data


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")  # noqa: PTH208 - names alone, of millions
    except OSError:  # none of its images is there
        return []
