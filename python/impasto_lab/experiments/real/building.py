"""A table or a figure on real data, as an experiment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from impasto_lab.experiments.experiment import Claim, Experiment, WritePage
from impasto_lab.experiments.real.hooks import look_for_all, use_real_arm
from impasto_lab.experiments.real.settings import OPTIONS, SEEDS, Course, RealArm, sizes

#: What the retrieval of a tuned model is claimed in.
RSUMS = ("RSUM COCO-Ft", "RSUM Flickr30K-Ft", "RSUM Flickr30K-Zs")


def on_real_data(
    name: str,
    title: str,
    arms: Mapping[str, RealArm],
    *courses: Course,
    page: WritePage,
    source: str,
    further: Mapping[str, RealArm] | None = None,
    published: Mapping[str, Mapping[str, float]] | None = None,
    claims: Iterable[Claim] = (),
    about: str = "",
    **kept: Any,
) -> Experiment:
    """The experiment.

    Args:
        name: That of the same on a rendered world.
        title: Likewise.
        arms: Which always run.
        courses: What each model is tuned to.
        page: Writes the page.
        source: Where the published numbers stand.
        further: Arms that run when they are asked for.
        published: By arm and metric.
        claims: What is judged.
        about: What is done, besides pretraining and tuning.
        kept: Other arguments of `sizes`.
    """
    every = {**arms, **(further or {})}
    asked = ", ".join(courses)
    return Experiment(
        name=name,
        title=title,
        about="Pretrains on the papers' sets below --data and tunes to the tasks there "
        f"({asked}); models of the papers' size at full, tiny and small ones at the other sizes. {about}"
        "docs/reproducing.md tells what lies where. Finished trainings are kept.",
        arms=tuple(arms),
        further=tuple(further or {}),
        run=use_real_arm,
        prepare=look_for_all,
        page=page,
        settings=sizes(every, *courses, **kept),
        seeds=SEEDS,
        source=source,
        published=published or {},
        claims=tuple(claims),
        options=OPTIONS,
        takes=True,
        together=True,
    )


def claims_of(pairs: Iterable[tuple[str, str]], metrics: Sequence[str] = RSUMS) -> list[Claim]:
    """That each first arm is ahead of the second in some metrics, each beside what was published of the same."""
    return [Claim(better=better, worse=worse, metric=metric) for better, worse in pairs for metric in metrics]
