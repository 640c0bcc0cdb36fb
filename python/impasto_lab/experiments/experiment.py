"""An experiment as a value: what was published, what is compared, and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from impasto.checks import choice, require
from impasto_lab.experiments.narrator import Narrator, Silent

#: Seconds, to see that every step runs; minutes to hours on two cores; the published setting.
Size = Literal["smoke", "small", "full"]
#: Asks for all arms there are.
ALL = "all"
SIZES: tuple[Size, ...] = ("smoke", "small", "full")


@dataclass(frozen=True, order=True)
class Piece:
    """One training of an experiment.

    Attributes:
        arm: What is done differently.
        seed: Of everything that is drawn; arms of one seed share weights, data and order.
    """

    arm: str
    seed: int

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.arm}-{self.seed}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a piece runs.

    Attributes:
        shared: The folder of what all pieces share.
        folder: The piece's own folder.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        arms: Those that are still to be trained, so that what only others need is not prepared.
        trained: Folders of other runs whose finished trainings may be taken.
        narrator: Is told what happens.
    """

    shared: Path
    folder: Path
    device: str = "cpu"
    arms: tuple[str, ...] = ()
    trained: tuple[Path, ...] = ()
    narrator: Narrator = field(default_factory=Silent)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What is expected, put down before the run.

    Attributes:
        better: The arm that is said to be ahead.
        worse: The arm that it is compared with.
        metric: Of what.
        least: The smallest difference (better minus worse) that counts as agreement.
        told: Published metrics whose differences stand beside it; by default the metric itself.
    """

    better: str
    worse: str
    metric: str
    least: float = 0.0
    told: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.metric}: {self.better} > {self.worse}"


class RunPiece(Protocol):
    """Does one piece. A module-level function: pieces may run in other processes."""

    def __call__(self, piece: Piece, settings: Any, place: Place) -> Mapping[str, float]:
        """Trains and measures.

        Args:
            piece: Arm and seed.
            settings: The experiment's, of the size that was asked for.
            place: Where.

        Returns:
            What was measured, by metric.
        """
        ...


class Prepare(Protocol):
    """Makes what all pieces share, once."""

    def __call__(self, settings: Any, place: Place) -> None:
        """Fills ``place.shared`` with what ``place.arms`` need; what is there already is used as it is."""
        ...


class ComesOf(Protocol):
    """What the pieces of an arm come of; a module-level function, which several experiments may share."""

    def __call__(self, settings: Mapping[str, Any], arm: str) -> object:
        """Tells all but the seed.

        Args:
            settings: An experiment's, as its evidence has them, with the size.
            arm: One of its arms.

        Returns:
            What compares as equal where figures are the same.
        """
        ...


class WritePage(Protocol):
    """Shows what came of an experiment."""

    def __call__(self, results: Any, folder: Path) -> None:
        """Writes pages.

        Args:
            results: A `impasto_lab.experiments.results.Results`.
            folder: The experiment's own.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A published table or figure, or a result of our own, that runs again on command.

    Attributes:
        name: On the command line.
        title: One line.
        about: What is done, and how long it takes; shown by ``--help``.
        arms: What is compared, by name; the first is the baseline.
        run: Does one piece.
        settings: By size: frozen values.
        seeds: By size: the seeds of each arm; paired, as each arm has all of them.
        further: Arms that run only when they are named, or all are asked for with ``"all"``.
        prepare: Makes what the pieces share.
        page: Writes pages and pictures of the results into the experiment's folder.
        source: Where the published numbers stand.
        published: By arm and metric.
        claims: What is judged.
        packages: Whose versions go into the evidence, besides impasto's and torch's.
        options: Fields of the settings that a command line may change.
        takes: Whether its pieces take finished trainings of other runs, `Place.trained`.
        comes_of: What its pieces come of. Evidence of another experiment that has the same function is known to this
            one, too, where arms come of the same.
        together: Whether processes that torchrun started may train its pieces together.
        real: The same on real data, with arms, claims and sizes of its own: taken where its option ``data`` is given,
            or a size that it alone has.

    Raises:
        RecipeError: If arms, sizes, claims or options don't go together.
    """

    name: str
    title: str
    about: str
    arms: tuple[str, ...]
    run: RunPiece
    settings: Mapping[Size, Any]
    seeds: Mapping[Size, tuple[int, ...]]
    further: tuple[str, ...] = ()
    prepare: Prepare | None = None
    page: WritePage | None = None
    source: str = ""
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    packages: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    takes: bool = False
    comes_of: ComesOf | None = None
    together: bool = False
    real: Experiment | None = None

    def __post_init__(self) -> None:
        every = self.every_arm
        require(bool(self.arms) and len(set(every)) == len(every), f"{self.name} needs arms of different names")
        require(set(self.settings) == set(self.seeds) <= set(SIZES), f"{self.name} needs settings and seeds by size")
        for claim in self.claims:
            choice("better", claim.better, every)
            choice("worse", claim.worse, every)
        for settings in self.settings.values() if self.options else ():
            for option in self.options:
                choice("option", option, [one.name for one in fields(settings)])
        if self.real is not None:
            fits = self.real.name == self.name and "data" in self.real.options
            require(fits, f"{self.name} on real data has the same name, and the option data")

    def meant(self, size: Size, changes: Mapping[str, Any]) -> Experiment:
        """This experiment, or the same on real data where that is asked for.

        Raises:
            RecipeError: If something is said of real data, and their folder is not.
        """
        if self.real is None:
            return self
        if "data" in changes or (size not in self.settings and size in self.real.settings):
            return self.real
        idle = [name for name in changes if name in self.real.options and name not in self.options]
        told = " and ".join(f"--{name}" for name in idle)
        require(not idle, f"{told} is for real data; give their folder too (--data)")
        return self

    def pieces(self, size: Size, arms: Sequence[str] = (), seeds: Sequence[int] = ()) -> list[Piece]:
        """All that has to be done, seed by seed, so that pairs are complete early.

        Args:
            size: How much is done.
            arms: Only these; none takes all but the further ones, ``"all"`` those too.
            seeds: These instead of the experiment's own.

        Raises:
            RecipeError: If a name is not known.
        """
        choice("size", size, self.settings)
        if tuple(arms) == (ALL,):
            arms = self.every_arm
        for arm in arms:
            choice("arm", arm, (*self.every_arm, ALL))
        require(ALL not in arms, f"arms={arms!r}: {ALL!r} stands alone")
        return list(dict.fromkeys(Piece(arm, seed) for seed in seeds or self.seeds[size] for arm in arms or self.arms))

    def chosen(self, size: Size, changes: Mapping[str, Any]) -> Any:
        """The settings of a size, with what was asked for instead.

        Raises:
            RecipeError: If a name is not known, or a value makes no sense.
        """
        choice("size", size, self.settings)
        for name in changes:
            choice("option", name, self.options)
        return replace(self.settings[size], **changes) if changes else self.settings[size]

    def told(self, claim: Claim) -> dict[str, float]:
        """The published differences, better minus worse, of what a claim speaks of."""
        better, worse = (self.published.get(arm, {}) for arm in (claim.better, claim.worse))
        names = claim.told or (claim.metric,)
        return {name: round(better[name] - worse[name], 6) for name in names if name in better and name in worse}

    @property
    def every_arm(self) -> tuple[str, ...]:
        """All arms, the further ones last."""
        return (*self.arms, *self.further)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes there are, on a world or on real data."""
        there = set(self.settings) | set(self.real.settings if self.real else ())
        return tuple(size for size in SIZES if size in there)

    @property
    def usual(self) -> Size:
        """The size that is run when none is asked for: ``"small"``, or the largest there is."""
        return "small" if "small" in self.settings else [size for size in SIZES if size in self.settings][-1]
