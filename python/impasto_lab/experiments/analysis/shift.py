"""Domain shift and overfitting of trained networks: accuracy under shift first, then what describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from impasto.checks import at_least
from impasto.recipe import ImageRecipe
from impasto.sources import Source
from impasto_lab.experiments.classification.arms import Arm, recipe
from impasto_lab.experiments.classification.data import CONFLICT, Data
from impasto_lab.experiments.classification.opening import Trained
from impasto_lab.experiments.narrator import Narrator, Silent
from impasto_lab.metrics import a_distance, mean_corruption_error, mmd, shape_bias
from impasto_lab.tasks import Labeled
from impasto_lab.training import pick_device, read_metrics
from impasto_lab.worlds import CORRUPTIONS, SEVERITIES, corrupt

#: Steps, accuracy on training batches, and accuracy on held-out images of the source and of the target, in per cent.
Course = Mapping[str, tuple[Sequence[float], Sequence[float]]]


@dataclass
class Shift:
    """What was measured of a network.

    Attributes:
        training: Which.
        scores: By name: accuracies in per cent, ``"overfit"`` (training minus source), ``"shift"`` (source minus
            target), ``"shape bias"``, ``"A-distance"`` and ``"MMD"``; what can't be measured on its data is left out.
        corrupted: Accuracy in per cent, by corruption, at each severity.
        course: By name, the steps and the accuracies of the training.
    """

    training: Trained
    scores: dict[str, float]
    corrupted: dict[str, list[float]] = field(default_factory=dict)
    course: Course = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        one = self.training
        return {
            "arm": one.arm,
            "seed": one.seed,
            "task": one.task,
            "checkpoint": str(one.checkpoint),
            **self.scores,
            "by corruption": self.corrupted,
            "course": {name: [list(steps), list(values)] for name, (steps, values) in self.course.items()},
        }


def analyze(
    trainings: Sequence[Trained],
    *,
    images: int = 500,
    corrupted: int = 200,
    device: str = "auto",
    baseline: str = "none",
    narrator: Narrator | None = None,
) -> list[Shift]:
    """Measures networks, those of one task on the same images.

    Args:
        trainings: Of one experiment.
        images: Of each kind, at most.
        corrupted: Images that are corrupted in 75 ways; 0 leaves that out.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        baseline: The arm that corruption errors are relative to (``"mCE"``), of the same seed.
        narrator: Is told how far it is.

    Raises:
        CheckpointError: If weights can't be read.
    """
    at_least(10, images=images)
    at_least(0, corrupted=corrupted)
    tell, found = narrator or Silent(), []
    for task in dict.fromkeys(one.task for one in trainings):
        own = [one for one in trainings if one.task == task]
        networks = [one.network().to(pick_device(device)) for one in own]
        shifts = _scored(own, networks, images, tell)
        if corrupted:
            _corrupt(shifts, networks, own[0].data, corrupted, tell)
        found += shifts
    for shift in found:
        others = [
            one
            for one in found
            if (one.training.task, one.training.seed, one.training.arm)
            == (shift.training.task, shift.training.seed, baseline)
        ]
        if others and shift.corrupted:
            shift.scores["mCE"] = mean_corruption_error(_errors(shift), _errors(others[0]))
    return found


def _scored(trainings: Sequence[Trained], networks: Sequence[nn.Module], images: int, tell: Narrator) -> list[Shift]:
    data = trainings[0].data
    image = _image(data)
    kinds = {"train": data.train(), "target": data.test(data.aim)}
    if data.origin is not None and data.origin != data.aim:
        kinds["source"] = data.test(data.origin)
    conflict = [kind for kind in data.kinds if kind.endswith(CONFLICT)]
    seen = {name: Labeled.of(_spread(source, images), image) for name, source in kinds.items()}
    looks: npt.NDArray[np.int64] | None = None
    if conflict:
        whole = data.test(conflict[0])
        rows = _rows(len(whole), images)
        seen[CONFLICT], looks = Labeled.of(whole[rows], image), np.array(data.looks())[rows]
    found = []
    with tell.bar("measuring networks") as advance:
        for number, (training, model) in enumerate(zip(trainings, networks, strict=True)):
            scores = {name: one.accuracy(model) for name, one in seen.items() if name != CONFLICT}
            like = scores.get("source", scores["target"] if data.origin == data.aim else None)
            scores |= {} if like is None else {"overfit": scores["train"] - like}
            scores |= {"shift": scores["source"] - scores["target"]} if "source" in scores else {}
            if looks is not None:
                named = seen[CONFLICT].named(model).numpy()
                bias = shape_bias(named, shapes=seen[CONFLICT].labels.numpy(), looks=looks)
                scores |= {} if bias is None else {"shape bias": bias}
            # Features of what was trained on are closer to themselves than to anything else; the source's come first.
            near, far = (
                seen[name].features(model).numpy() for name in ("source" if "source" in seen else "train", "target")
            )
            scores |= {"A-distance": a_distance(near, far), "MMD": mmd(near, far)}
            found.append(Shift(training, scores, course=_course(training)))
            advance(number + 1, len(networks))
    return found


def _corrupt(shifts: Sequence[Shift], networks: Sequence[nn.Module], data: Data, count: int, tell: Narrator) -> None:
    """Fills in the accuracies under corruption, of test images like those that were trained on."""
    source = _spread(data.test(data.origin or data.aim), count)
    done, total = 0, len(CORRUPTIONS) * len(SEVERITIES)
    with tell.bar("corrupting images") as advance:
        for name in CORRUPTIONS:
            for severity in SEVERITIES:
                seen = Labeled.of(source, _image(data), transform=partial(_corrupted, name=name, severity=severity))
                for shift, model in zip(shifts, networks, strict=True):
                    shift.corrupted.setdefault(name, []).append(seen.accuracy(model))
                done += 1
                advance(done, total)
    for shift in shifts:
        shift.scores["corrupted"] = float(np.mean(list(shift.corrupted.values())))


def _corrupted(image: npt.NDArray[np.uint8], rng: np.random.Generator, *, name: str, severity: int) -> Any:
    return corrupt(image, name, severity, rng)


def _errors(shift: Shift) -> dict[str, list[float]]:
    return {name: [100 - value for value in values] for name, values in shift.corrupted.items()}


def _image(data: Data) -> ImageRecipe:
    return recipe(Arm(), data.settings.side).views[0]


def _rows(length: int, count: int) -> list[int]:
    few = min(length, count)
    return [row * length // few for row in range(few)]


def _spread(source: Source, count: int) -> Source:
    return source[_rows(len(source), count)]


def _course(training: Trained) -> Course:
    """What the training's log says of its batches, and of the kinds it watched."""
    records = read_metrics(training.folder / "metrics.jsonl")
    lines: dict[str, tuple[list[float], list[float]]] = {}
    kinds = {"source": training.data.origin, "target": training.data.aim}
    for record in records:
        known = {"train": 100 * record["accuracy"]} if "accuracy" in record else {}
        known |= {name: record[kind] for name, kind in kinds.items() if kind in record}
        for name, value in known.items():
            steps, values = lines.setdefault(name, ([], []))
            steps.append(float(record["step"]))
            values.append(float(value))
    return lines
