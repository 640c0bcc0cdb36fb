"""Which samples make which batch, on which rank: arithmetic over a keyed permutation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.batch import BatchId, BatchKey, WholeBatch
from impasto.checks import EPOCH_BITS, at_least, choice, flag, is_count, require, whole
from impasto.loading.epochs.grouping import Floats, GroupBy, Grouping, Ints
from impasto.loading.epochs.keys import EpochKeys
from impasto.loading.epochs.layout import Layout, Place, Position
from impasto.loading.epochs.ranks import Ranks, asking_shard
from impasto.loading.epochs.states import read_state, write_state
from impasto.loading.epochs.windows import Windows
from impasto.loading.mixture import Mixture

_NO_LENGTH = (
    "must be a number of samples, or a BatchDataset. Where Lightning puts its own sampler in, every batch would lose "
    "its epoch: set Trainer(use_distributed_sampler=False), ranks are found without it; for Trainer.predict use "
    "impasto.Loader"
)


@runtime_checkable
class Described(Protocol):
    """Data of which a state can say whether they are the same: `impasto.BatchDataset`."""

    def __len__(self) -> int:
        """Samples."""
        ...

    @property
    def seed(self) -> int:
        """The key of what is drawn for them."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """What a state says of them."""
        ...

    def borders(self) -> npt.NDArray[np.int64] | None:
        """Where their shards begin, if they lie in shards; see `impasto.sources.Source.borders`."""
        ...


@runtime_checkable
class Measured(Described, Protocol):
    """Data of whose samples is known what they are alike by: `impasto.BatchDataset`."""

    def measure(
        self, by: Literal["length", "aspect"], samples: npt.NDArray[np.int64], epoch: int
    ) -> npt.NDArray[np.float64]:
        """What samples are put together by in an epoch."""
        ...

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The (height, width) pairs of which each batch's images have one, if they have."""
        ...


class BatchSampler:
    """Yields `BatchKey`s: a batch sampler for `torch.utils.data.DataLoader`, in O(1) memory.

    Every rank gets the same number of batches, and all ranks together see each sample once an epoch. What remains
    after the whole rounds of ``batch_size * world_size`` samples is left out with ``drop_last``, or spread evenly over
    the ranks' last batches, whose sizes then differ by at most one.

    Each ``iter()`` is the next epoch, also where the one before was broken off, or goes on from a loaded state; see
    ``docs/epochs.md``.

    Args:
        length: Samples in the data set; or the `BatchDataset` itself, whose data and recipe states then name (and
            which a `Mixture` needs).
        batch_size: Samples in a batch, on one rank.
        seed: Key of the order; by default the `BatchDataset`'s, or 0.
        shuffle: Visit the samples in a new random order every epoch, or in their own; or ``"shards"``: in a new random
            order in which few shards are open at once, for shards that are copied when they are read, or lie on
            spinning disks; see ``docs/remote.md``.
        window: Shards that are open at once, with ``shuffle="shards"``; 16 by default.
        group_by: Make batches of samples that are alike, still in a random order in which each comes once: of near
            ``"length"`` of the caption that is drawn, so that less is padded; or of near ``"aspect"`` ratio of the
            image, for ``ImageRecipe(shapes=)``; or by a number for each row of the data, as an array. See
            ``docs/epochs.md``.
        group_window: Batches of all ranks among which alike samples are put together.
        drop_last: Leave out the samples that fill no whole round.
        rank: This process's number, in ``range(world_size)``; by default that of torch.distributed, where it runs.
        world_size: Number of processes; likewise.
        mix_over: Over which rows pairs are drawn: each ``"rank"``'s batch, as the papers do, or the ``"global"`` batch
            of all ranks, of which a rank then takes every ``world_size``-th row: with ``batch_size * world_size`` kept,
            all rows are the same on any number of ranks, mixtures too. See ``docs/scale.md``.

    Raises:
        RecipeError: If a value makes no sense, or there are too few samples for one batch a rank.
    """

    def __init__(
        self,
        length: int | Described,
        batch_size: int,
        *,
        seed: int | None = None,
        shuffle: bool | Literal["shards"] = True,
        window: int | None = None,
        group_by: GroupBy = None,
        group_window: int | None = None,
        drop_last: bool = True,
        rank: int | None = None,
        world_size: int | None = None,
        mix_over: Literal["rank", "global"] = "rank",
    ) -> None:
        self._data = length if isinstance(length, Described) else None
        require(self._data is not None or is_count(length), f"length={length!r} {_NO_LENGTH}")
        at_least(1, batch_size=batch_size)
        if seed is None:
            seed = self._data.seed if self._data is not None else 0
        whole("seed", seed, bits=64)
        if isinstance(shuffle, str):
            choice("shuffle", shuffle, (True, False, "shards"))
        else:
            flag("shuffle", shuffle)
        flag("drop_last", drop_last)
        choice("mix_over", mix_over, ("rank", "global"))
        self._mixture: Mixture | None = getattr(length, "mixture", None)
        #: Samples of an epoch.
        self.length = len(length) if isinstance(length, Described) else length
        if self._mixture is not None:
            self.length = self._mixture.epoch_length
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.mix_over = mix_over
        require(window is None or shuffle == "shards", f"window={window!r} is of shuffle='shards' alone; leave it out")
        self._windows = self._windowed(16 if window is None else window) if shuffle == "shards" else None
        #: What is alike in a batch; None where nothing is, or where numbers say it.
        self.group_by = self._alike_by(group_by)
        self._grouping = self._grouped(group_window)
        self._ranks = Ranks(rank, world_size)
        self._layouts: dict[int, Layout] = {}
        self.upcoming = Position(0)
        self._latest: EpochKeys | None = None
        _ = self._layout(self.world_size)

    def _windowed(self, window: int) -> tuple[Windows, ...]:
        """The orders of the data, or of each member of a mixture."""
        at_least(1, window=window)
        if self._mixture is not None:
            return self._mixture.windowed(window)
        return (Windows.of(self._data, window),)

    def _alike_by(self, group_by: GroupBy) -> Literal["length", "aspect"] | None:
        """What is asked for by name; numbers are kept."""
        self._numbers: Floats | None = None
        shapes = self._data.shapes if isinstance(self._data, Measured) else ()
        needs = (
            "ImageRecipe(shapes=) and group_by='aspect' need each other: a batch has the shape nearest to its images"
        )
        require(bool(shapes) == (isinstance(group_by, str) and group_by == "aspect"), needs)
        if group_by is None or isinstance(group_by, str):
            choice("group_by", group_by, (None, "length", "aspect"))
            known = isinstance(self._data, Measured) or group_by is None
            require(known, f"group_by={group_by!r} is known of a BatchDataset; give that, or a number for each sample")
            return group_by
        numbers = np.asarray(group_by)
        rows = self.length if self._data is None else len(self._data)
        usable = numbers.dtype.kind in "biuf" and numbers.shape == (rows,) and bool(np.isfinite(numbers).all())
        require(usable, f"group_by= must be 'length', 'aspect' or finite numbers, one for each of the {rows} rows")
        self._numbers = numbers.astype(np.float64)
        return None

    def _grouped(self, window: int | None) -> Grouping | None:
        if self.group_by is None and self._numbers is None:
            require(window is None, f"group_window={window!r} is of group_by= alone; leave it out")
            return None
        require(bool(self.shuffle), "group_by= makes a random order; use shuffle=True")
        window = 50 if window is None else window
        at_least(1, group_window=window)
        # What can't be known is said here, not in the middle of an epoch.
        self._measure(0, self._drawn(0, np.unique(np.linspace(0, self.length - 1, 8, dtype=np.int64))))
        return Grouping(self._drawn, self._measure, self.length, window, self.seed)

    def _measure(self, epoch: int, samples: Ints) -> Floats:
        if self._numbers is not None:
            return self._numbers[samples if self._mixture is None else self._mixture.rows(samples)]
        assert isinstance(self._data, Measured)
        assert self.group_by is not None
        return self._data.measure(self.group_by, samples, epoch)

    @property
    def rank(self) -> int:
        """This process's number."""
        return self._ranks.here()[0]

    @property
    def world_size(self) -> int:
        """Number of processes."""
        return self._ranks.here()[1]

    @property
    def sampler(self) -> BatchSampler:
        """Itself: where Lightning and Accelerate look for something that has ``set_epoch``."""
        return self

    @property
    def epoch(self) -> int:
        """The epoch that the next ``iter()`` is of."""
        return self.upcoming.epoch

    @property
    def _named_group(self) -> str:
        if self._numbers is None:
            return str(self.group_by)
        return f"numbers {hashlib.blake2b(self._numbers.astype('<f8').tobytes(), digest_size=4).hexdigest()}"

    def _layout(self, world_size: int) -> Layout:
        if world_size not in self._layouts:
            self._layouts[world_size] = Layout(self.length, self.batch_size, world_size, self.drop_last)
        return self._layouts[world_size]

    def _whose(self, shard: Any) -> tuple[Layout, range]:
        """The layout, and the ranks whose batches are asked for."""
        if shard is None:
            rank, world_size = self._ranks.here()
            return self._layout(world_size), range(rank, rank + 1)
        world_size = self._ranks.of_shard(shard, drop_last=self.drop_last or not self.length % self.batch_size)
        return self._layout(world_size), range(world_size)

    def __len__(self) -> int:
        layout, ranks = self._whose(asking_shard())
        return layout.rounds * len(ranks)

    def __repr__(self) -> str:
        rank, world_size = self._ranks.here()
        told = [f"{self.length} samples", f"batch_size={self.batch_size}", f"seed={self.seed}"]
        told += [] if self.shuffle is True else [f"shuffle={self.shuffle!r}"]
        told += [f"group_by={self._named_group!r}"] if self._grouping is not None else []
        told += [] if self.drop_last else ["drop_last=False"]
        told += ["mix_over='global'"] if self.mix_over == "global" else []
        told += [f"rank={rank} of {world_size}"] if world_size > 1 else []
        return f"BatchSampler({', '.join(told)}; next: epoch {self.epoch})"

    def __iter__(self) -> EpochKeys:
        layout, ranks = self._whose(asking_shard())
        return EpochKeys(self, layout, ranks)

    def follow(self, keys: EpochKeys) -> None:
        """Takes an iteration for the latest; the next epoch is the one after its own."""
        self._latest = keys
        self.upcoming = Position(keys.epoch + 1)

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch of the next ``iter()``, from its first batch, or from where a state of that epoch stood.

        An iteration under way is left alone.

        Raises:
            RecipeError: If it is no whole number.
        """
        whole("epoch", epoch, bits=EPOCH_BITS)
        if epoch != self.epoch:
            self.upcoming = Position(epoch)

    def key(self, epoch: int, step: int) -> BatchKey:
        """The batch of this rank at a step.

        Args:
            epoch: The epoch.
            step: The batch's number on this rank, in ``range(len(self))``.
        """
        whole("epoch", epoch, bits=EPOCH_BITS)
        require(is_count(step) and 0 <= step < len(self), f"step={step!r} must lie in 0..{len(self) - 1}")
        rank, world_size = self._ranks.here()
        return self.key_of(epoch, self._layout(world_size).place(step, rank))

    def key_of(self, epoch: int, place: Place) -> BatchKey:
        """The key of a batch at a place of an epoch's order."""
        ranks = place.ranks
        number = place.round * ranks + place.rank
        when = BatchId(epoch=epoch, step=number, number=self._in_run(epoch, number, 1))
        shape = self._shape(epoch, place)
        if self.mix_over == "rank":
            return BatchKey(self._samples(epoch, place.bounds, ranks), id=when, shape=shape)
        samples = self._samples(epoch, place.round_bounds, ranks)
        # In turn, so that most partners of a block are on one rank: row i and row i + M where ranks divide M.
        rows = list(range(place.rank, len(samples), ranks))
        together = BatchId(epoch=epoch, step=place.round, number=self._in_run(epoch, place.round, ranks))
        whole = WholeBatch(samples, rows, together)
        return BatchKey([samples[row] for row in rows], id=when, whole=whole, shape=shape)

    def _shape(self, epoch: int, place: Place) -> int | None:
        """The shape that is nearest to the images of all ranks' batches."""
        if self._grouping is None or self.group_by != "aspect":
            return None
        assert isinstance(self._data, Measured)
        _, aspects = self._grouping.take(epoch, place.round_bounds, self.batch_size * place.ranks)
        known = aspects[~np.isnan(aspects)]
        height, width = np.asarray(self._data.shapes, np.float64).T
        return int(np.abs(np.log(width / height) - (np.median(known) if len(known) else 0.0)).argmin())

    def _in_run(self, epoch: int, number: int, batches: int) -> int:
        """The number in the run of batch ``number`` of an epoch, where each is of so many."""
        return epoch * -(-self.length // (self.batch_size * batches)) + number

    def _samples(self, epoch: int, bounds: tuple[int, int], ranks: int) -> list[int]:
        if self._grouping is None:
            samples = self._drawn(epoch, np.arange(*bounds, dtype=np.int64))
        else:
            samples, _ = self._grouping.take(epoch, bounds, self.batch_size * ranks)
        found: list[int] = samples.tolist()
        return found

    def _drawn(self, epoch: int, positions: Ints) -> Ints:
        if self._mixture is not None:
            shuffle, windows = bool(self.shuffle), self._windows
            return self._mixture.at(positions, seed=self.seed, epoch=epoch, shuffle=shuffle, windows=windows)
        if self._windows is not None:
            return self._windows[0].take(positions, seed=self.seed, epoch=epoch)
        return _core.Permutation(self.length, self.seed, epoch).take(positions) if self.shuffle else positions

    def state_dict(self) -> dict[str, Any]:
        """Which batch comes next: after the last one taken from the latest iteration, or the next epoch's first.

        It is enough to go on, also with another number of ranks. A DataLoader with workers takes keys ahead of its
        batches; torchdata's StatefulDataLoader and `impasto.Loader` know how many.
        """
        if self._latest is not None and len(self._latest):
            return self._latest.state_dict()
        return self.state_at(self.upcoming)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Makes the next ``iter()`` go on from a state; one from the end of an epoch is the next one's beginning.

        Args:
            state: What `state_dict` returned, here or on another number of ranks.

        Raises:
            CheckpointError: If the state is malformed, of other data, another recipe or seed, or falls between two
                batches; the message says what differs.
        """
        position = self.position_of(state)
        layout = self._layout(self.world_size)
        over = layout.resume(position.samples)[0] == layout.rounds
        self.upcoming = Position(position.epoch + 1) if over else position
        self._latest = None

    def _facts(self) -> dict[str, Any]:
        shuffle = self.shuffle if self._windows is None else "; ".join(one.fact for one in self._windows)
        facts: dict[str, Any] = {"seed": self.seed, "length": self.length, "shuffle": shuffle}
        facts |= {"mix_over": "global"} if self.mix_over == "global" else {}
        if self._grouping is not None:
            batch = self.batch_size * self.world_size
            facts["group_by"] = f"{self._named_group}, {self._grouping.window} batches of {batch} over all ranks"
        return facts | dict(self._data.facts()) if self._data is not None else facts

    def state_at(self, position: Position) -> dict[str, Any]:
        """The state of a run that stands at a position."""
        return write_state(position, self._facts())

    def position_of(self, state: Mapping[str, Any]) -> Position:
        """The position that a state of this sampler names.

        Raises:
            CheckpointError: If it isn't one.
        """
        return read_state(state, self._facts())
