"""The rows of a batch, read from its data set; substitutes in the place of bad ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.checks import require
from impasto.errors import ImpastoError, RecipeError, SourceError
from impasto.loading.mixture import Mixture
from impasto.loading.running.work import NATIVE, Work
from impasto.sources import GatheredSource, IndexedSource, Part, Source

#: Substitutes tried for one broken sample before giving up.
_ATTEMPTS = 16
#: How often a part is read whose copies are removed meanwhile.
_COPIES = 3


def load_rows(
    data: Source, work: Work, asked: Sequence[int], *, seed: int, threads: int, replace: bool
) -> tuple[npt.NDArray[np.int64], list[tuple[int, ImpastoError]]]:
    """Fills every row of a batch.

    Args:
        data: The data set.
        work: The batch.
        asked: Its samples.
        seed: Key of what is drawn.
        threads: Native threads.
        replace: Whether a substitute takes the place of a broken sample, instead of its error being raised.

    Returns:
        The samples that came in, [B], and what was broken, by row.
    """
    ids, epoch = np.asarray(asked), work.key.id.epoch
    require(ids.dtype.kind in "iu" and len(ids) > 0, f"{work.key!r}: {asked[:3]} are no numbers of samples")
    ids = ids.astype(np.int64)
    rows = np.arange(len(ids), dtype=np.int64)
    samples = rows_of(data, ids)
    outside = samples[(samples < 0) | (samples >= len(data))].tolist()
    require(not outside, f"samples {outside[:3]} are not in a data set of {len(data)}")
    work.samples = samples
    broken: dict[int, ImpastoError] = {}
    for attempt in range(_ATTEMPTS):
        failed: list[tuple[int, ImpastoError]] = []
        for part in data.parts(samples[rows]):
            at = rows[part.places]
            work.reader = part.source if isinstance(part.source, GatheredSource) else None
            with work.at("read"):
                index, there, unread = _located(part, replace=replace)
            failed += [(int(at[place]), error) for place, error in unread.items()]
            failed += _loaded(
                part,
                work,
                partial(work.staged.load, index, seed=seed, epoch=epoch, threads=threads),
                kept=np.asarray([place for place in range(len(at)) if place not in unread], dtype=np.int64),
                at=at,
                there=there,
                ids=ids,
            )
        failed.sort(key=lambda bad: bad[0])
        if not failed:
            return samples, sorted(broken.items())
        if not replace:
            raise failed[0][1]
        broken = dict(failed) | broken  # the sample's own error is kept, not its substitute's
        rows = np.asarray([row for row, _ in failed], dtype=np.int64)
        for row in rows:
            samples[row] = _core.substitute(len(data), seed=seed, epoch=epoch, sample=int(ids[row]), attempt=attempt)
    raise failed[0][1]


def _loaded(
    part: Part,
    work: Work,
    load: Callable[..., list[tuple[int, ImpastoError]]],
    *,
    kept: npt.NDArray[np.int64],
    at: npt.NDArray[np.int64],
    there: npt.NDArray[np.int64],
    ids: npt.NDArray[np.int64],
) -> list[tuple[int, ImpastoError]]:
    """Fills a part's rows, and gives the errors of those that are bad; what is read of a lost copy is read again."""
    error: SourceError | None = None
    for _ in range(_COPIES):
        rewrites = part.rewrites and (part.rewrites.captions, part.rewrites.rows[kept], part.rewrites.weight)
        with ExitStack() as copies, work.at("read"):
            # Copies that can't be had are no bad samples: they end the run, or the next shard would be as bad.
            lost = copies.enter_context(part.source.held(part.rows))
            with work.at(NATIVE):
                failed = load(at=at[kept], source_rows=there, samples=ids[at[kept]], rewrites=rewrites)
            error = lost() if failed else None
        if error is None:
            return failed
        again = np.isin(at[kept], [row for row, _ in failed])
        kept, there = kept[again], there[again]
    assert error is not None
    raise error


def rows_of(data: Source, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows of a data set that a batch's samples stand for."""
    return data.rows(ids) if isinstance(data, Mixture) else ids.copy()


def _located(part: Part, *, replace: bool) -> tuple[_core.Index, npt.NDArray[np.int64], dict[int, ImpastoError]]:
    """An index that holds a part's rows, their places in it, and the errors of those that it couldn't be given."""
    data, samples = part.source, part.rows
    if isinstance(data, IndexedSource):
        return data.index, samples, {}
    if not isinstance(data, GatheredSource):
        raise RecipeError(f"data={data!r} is no source; see impasto.sources")
    try:
        return data.gather(samples), np.arange(len(samples), dtype=np.int64), {}
    except ImpastoError:
        if not replace:
            raise
    # Seldom: ask for one row at a time to learn which are at fault, then for the others together.
    bad: dict[int, ImpastoError] = {}
    for place, sample in enumerate(samples):
        try:
            data.gather([int(sample)])
        except ImpastoError as error:
            bad[place] = error
    good = np.asarray([sample for place, sample in enumerate(samples) if place not in bad], dtype=np.int64)
    return data.gather(good), np.arange(len(good), dtype=np.int64), bad
