"""Runs an experiment: what is done stays done, the rest runs side by side, and the evidence is written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from impasto.checks import require
from impasto.errors import SourceError
from impasto.files import new_file
from impasto.jobs import Engine, run_pieces
from impasto_lab.bench.machine import describe, versions
from impasto_lab.experiments.experiment import ALL, Experiment, Piece, Place, RunPiece, Size
from impasto_lab.experiments.known import take_over
from impasto_lab.experiments.narrator import Narrator, Silent
from impasto_lab.experiments.results import Kept, Results, check_folder, note_known
from impasto_lab.experiments.turns import in_turn
from impasto_lab.training.distributed import wait, world


def reproduce(
    experiment: Experiment,
    out: str | Path,
    *,
    size: Size | None = None,
    arms: Sequence[str] = (),
    seeds: Sequence[int] = (),
    known: Sequence[str | Path] = (),
    trained: Sequence[str | Path] = (),
    workers: int = 0,
    engine: Engine = "processes",
    device: str = "auto",
    changes: Mapping[str, Any] = MappingProxyType({}),
    narrator: Narrator | None = None,
) -> Results:
    """Runs an experiment's arms over its seeds.

    Finished pieces are kept in ``OUT/pieces`` and not run again; ``OUT/results.json`` holds all of them, asked for this
    time or before, with machine, versions and command.

    Args:
        experiment: What is run.
        out: The folder.
        size: How much; by default `Experiment.usual`.
        arms: Only these arms; none takes all but the further ones, ``"all"`` those too.
        seeds: These instead of the experiment's own.
        known: Earlier evidence of the same settings (``results.json``), whose pieces are not run again.
        trained: Folders of other runs, whose finished trainings with the same data and settings are copied.
        workers: Pieces run side by side, each in a process of one thread; 0 runs them here, one after another.
        engine: ``"processes"``, or ``"ray"`` where there are more machines.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        changes: Values of `Experiment.options`, by name, instead of the size's own.
        narrator: Is told what happens.

    Raises:
        RecipeError: If a name is not known, a value makes no sense, several processes can't train it together, the
            folder or earlier evidence holds pieces of other settings or another experiment's results, the experiment
            takes no trainings, or their data differ.
        SourceError: If the folder can't be written, evidence can't be read, or a run to take from isn't there.
        CheckpointError: If a training to take was done with other settings.
    """
    tell, root = narrator or Silent(), Path(out)
    size = size or experiment.usual
    experiment = experiment.meant(size, changes)
    rank, processes = world()
    apart = processes == 1 or (experiment.together and workers == 0)
    require(apart, f"{experiment.name} isn't trained by several processes together; start one, without torchrun")
    pieces = experiment.pieces(size, arms, seeds)
    settings = experiment.chosen(size, changes)
    commands, taken = check_folder(root, experiment.name)
    others = _others(experiment, trained)
    kept = Kept(root, {"size": size, **asdict(settings)})
    earlier = [*taken, *(take_over(Path(path), experiment, kept) for path in known)]
    earlier = [one for one in earlier if one["pieces"]]
    measured: dict[Piece, Mapping[str, float]] = dict(kept.every(experiment.every_arm))
    todo = [piece for piece in pieces if piece not in measured]
    done = len(pieces) - len(todo)
    if done:
        tell.say(f"{done} of {len(pieces)} pieces are done already")
    others_done = len(measured) - done
    if others_done:
        tell.say(f"{others_done} more that were done before are shown with them")
    try:
        root.mkdir(parents=True, exist_ok=True)
        if earlier and rank == 0:
            note_known(root, earlier)
        if experiment.prepare is not None and todo and rank == 0:
            missing = tuple(arm for arm in experiment.every_arm if any(piece.arm == arm for piece in todo))
            with in_turn(root):
                place = Place(shared=root, folder=root, device=device, arms=missing, narrator=tell)
                experiment.prepare(settings, place)
        wait()
        alone = len(pieces) == len(experiment.every_arm) == 1
        where = _Where(root, settings, device, alone, others)
        for piece, metrics in _run(experiment, todo, where, tell, workers, engine):
            if rank == 0:
                kept.keep(piece, metrics)
            measured[piece] = metrics
            done += 1
            if len(pieces) > 1:
                tell.say(f"{piece.arm}, seed {piece.seed}: {done} of {len(pieces)} done")
        wait()
        with in_turn(root):
            measured = dict(kept.every(experiment.every_arm))  # others may have run beside
            at_once = _asks(experiment, size, measured)
            asked = [*_given("arms", dict.fromkeys(arms)), *_given("seeds", dict.fromkeys(seeds))]
            given = asked if at_once is None else at_once
            given += [word for name, value in changes.items() for word in _given(name, [value])]
            command = " ".join(["impasto reproduce", experiment.name, "--size", size, *given])
            packages = versions("impasto", "torch", *experiment.packages)
            machine = {**describe(), "threads": _threads(workers, engine)}
            about: dict[str, Any] = {"machine": machine, "versions": packages, "command": command}
            before = [line for line in commands if line != command]
            if at_once is None and before:
                about["before"] = before
            if earlier:
                about["known"] = earlier
            results = Results.of(experiment, size, measured, settings=settings, about=about)
            if rank == 0:
                with new_file(root / "results.json") as partial:
                    partial.write_text(json.dumps(results.as_dict(), indent=2, default=repr) + "\n", encoding="utf-8")
            if experiment.page is not None and rank == 0:
                experiment.page(results, root)
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"the experiment can't be written: {error}; check the folder", path=str(root)) from error
    tell.table(experiment.title, ("arm", "metric", "published", "ours", "seeds"), results.rows())
    if results.verdicts:
        headings = ("claim", "verdict", "published", "difference", "95 %", "could show", "seeds")
        tell.table("claims, put down before", headings, results.claims())
    return results


@dataclass(frozen=True)
class _Where:
    """Where and how pieces run: the folder, settings, device, if it is all there is, and whose trainings are taken."""

    root: Path
    settings: Any
    device: str
    alone: bool
    trained: tuple[Path, ...]


def _threads(workers: int, engine: Engine) -> int:
    """Threads that a piece is computed with: sums in another order are rounded otherwise, and training goes its way."""
    import torch  # whoever refuses its arguments doesn't wait for it

    return torch.get_num_threads() if workers == 0 and engine == "processes" else 1


def _run(
    experiment: Experiment,
    pieces: list[Piece],
    where: _Where,
    tell: Narrator,
    workers: int,
    engine: Engine,
) -> Iterable[tuple[Piece, Mapping[str, float]]]:
    if workers == 0 and engine == "processes":
        # Here the narrator is at hand.
        for piece in pieces:
            yield piece, _run_piece(experiment.run, piece, where, tell)
        return
    yield from run_pieces(_Elsewhere(experiment.run, where), pieces, workers=workers, engine=engine)


@dataclass(frozen=True)
class _Elsewhere:
    """Runs a piece in another process, by a module-level function."""

    run: RunPiece
    where: _Where

    def __call__(self, piece: Piece) -> Mapping[str, float]:
        return _run_piece(self.run, piece, self.where, Silent())


def _run_piece(run: RunPiece, piece: Piece, where: _Where, tell: Narrator) -> Mapping[str, float]:
    # An experiment of one piece has the folder to itself; several would find each other's trainings there.
    folder = where.root if where.alone else where.root / piece.name
    place = Place(shared=where.root, folder=folder, device=where.device, trained=where.trained, narrator=tell)
    return run(piece, where.settings, place)


def _others(experiment: Experiment, trained: Sequence[str | Path]) -> tuple[Path, ...]:
    others = tuple(map(Path, trained))
    require(experiment.takes or not others, f"{experiment.name} takes no trainings of other runs; leave trained out")
    for other in others:
        if not other.is_dir():
            raise SourceError("there is no run to take trainings from; name its folder", path=str(other))
    return others


def _asks(experiment: Experiment, size: Size, measured: Collection[Piece]) -> list[str] | None:
    """The words that ask for all of these pieces at once; None where they are not some arms of the same seeds."""
    arms = tuple(arm for arm in experiment.every_arm if any(piece.arm == arm for piece in measured))
    seeds = tuple(sorted({piece.seed for piece in measured}))
    if len(measured) < len(arms) * len(seeds):
        return None
    named = () if arms == experiment.arms else (ALL,) if arms == experiment.every_arm else arms
    return [*_given("arms", named), *_given("seeds", () if seeds == experiment.seeds[size] else seeds)]


def _given(name: str, values: Collection[object]) -> list[str]:
    return [f"--{name.replace('_', '-')}", *map(str, values)] if values else []
