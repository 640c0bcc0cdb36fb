"""The tables and recommendations of docs/style-guide.md, from the experiments' evidence in benches/results/."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python")]

from impasto_lab.experiments import registry  # noqa: E402  found by the path above
from impasto_lab.experiments.verdicts import paired  # noqa: E402  likewise

RESULTS = ROOT / "benches" / "results"
NOT_RUN = "not run"
#: Points on the source that an arm may be behind the plain one and count as trained to its end.
LEARNED = 10.0
#: What is asked of whom: the experiment, its score under the shift, and the arms of color and of all together. Where
#: there is an arm of color and geometry, that is the arm of color.
TASKS: dict[str, tuple[str, str, str, str]] = {
    "naming images": ("stl10", "shifted", "traditional", "both"),
    "naming images, A and D to W": ("office31", "AD->W", "traditional", "both"),
    "naming images, A and W to D": ("office31", "AW->D", "traditional", "both"),
    "naming images, D and W to A": ("office31", "DW->A", "traditional", "both"),
    "detection": ("detection", "mAP target", "color", "both"),
    "segmentation": ("segmentation", "mIoU target", "color", "both"),
}
#: Both without style.
ALL_BUT_STYLE = "traditional"
#: Augmentations that need no style network, or none for each image; and one whose copies cost the same.
CHEAPER = ("traditional", "traditional-geometric", "color", "geometric", "mixstyle", "amplitude", "pixmix")


class Evidence(NamedTuple):
    """What an experiment measured.

    Attributes:
        file: The name of its JSON.
        document: What that holds.
    """

    file: str
    document: dict[str, Any]

    def each(self, arm: str, metric: str) -> dict[int, float]:
        """A metric of an arm, by seed."""
        rows = self.document["measured"]
        return {row["seed"]: row[metric] for row in rows if row["arm"] == arm and metric in row}

    def mean(self, arm: str, metric: str) -> float | None:
        """The mean over seeds."""
        values = list(self.each(arm, metric).values())
        return sum(values) / len(values) if values else None

    def compare(self, better: str, worse: str, metric: str) -> Compared | None:
        """An arm's lead over another, from the seeds that both have."""
        ours, theirs = self.each(better, metric), self.each(worse, metric)
        seeds = sorted(ours.keys() & theirs.keys())
        if not seeds:
            return None
        mean, (low, high), detectable = paired([ours[seed] - theirs[seed] for seed in seeds])
        return Compared(mean, low, high, detectable, len(seeds))

    def learning(self, arm: str, metric: str) -> bool:
        """Whether an arm is so far behind the plain one on the source itself that its training ended too early."""
        known = {key for row in self.document["measured"] for key in row}
        names = (metric.replace("target", "source"), f"{metric} source", "source")
        own = next((name for name in names if name != metric and name in known), None)
        means = (self.mean(arm, own), self.mean("none", own)) if own else (None, None)
        return means[0] is not None and means[1] is not None and means[0] < means[1] - LEARNED

    def strongest(self, color: str, metric: str) -> str:
        """The arm that both is compared with: of color and geometry, or of color alone where there is no other."""
        return ALL_BUT_STYLE if self.each(ALL_BUT_STYLE, metric) else color

    @property
    def setting(self) -> str:
        """Size, and what of the settings a reader needs."""
        settings = self.document["settings"]
        images = settings.get("train", settings.get("images"))
        told = f"{images:,} images" if isinstance(images, int) else "31 classes"
        return f"{self.document['size']}: {told}, {settings['steps']:,} steps of {settings['batch_size']}"

    @property
    def path(self) -> str:
        """Where the figures come from."""
        return f"`benches/results/{self.file}`"


class Compared(NamedTuple):
    """A mean of paired differences with its 95 % interval, what so many pairs can show, and their number."""

    mean: float
    low: float
    high: float
    detectable: float
    pairs: int

    @property
    def word(self) -> str:
        """What the interval says."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "not told apart"

    def __str__(self) -> str:
        if self.pairs < 2:
            return f"{self.mean:+.1f} (one pair)"
        return f"{self.mean:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


def evidence(name: str, folder: Path | None = None) -> Evidence | None:
    """The largest run of an experiment that is kept; runs at smoke size are none."""
    found = {}
    for path in sorted((folder or RESULTS).glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document, dict) and document.get("experiment") == name and "measured" in document:
            found[document["size"]] = Evidence(path.name, document)
    return found.get("full") or found.get("small")


def remedy(name: str, *arms: str) -> str:
    """What would say what is not known of arms."""
    further = set(arms) & set(registry.find(name).further)
    return f"`impasto reproduce {name} --size small{' --arms all' if further else ''}` would say"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its first column text and the others numbers."""
    lines = [list(headings), ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def recommendations() -> str:
    """For each task: what to take, and why, as far as there is evidence."""
    return "\n".join(f"- **{task}**: {_recommended(*given)}" for task, given in TASKS.items())


def _recommended(name: str, metric: str, color: str, both: str) -> str:
    found = evidence(name)
    if found is None or found.compare("style", "none", metric) is None:
        return f"{NOT_RUN}; {remedy(name)}."
    gain = found.compare("style", "none", metric)
    assert gain is not None
    if gain.pairs < 2:
        told = f"one pair, which shows nothing: style {gain.mean:+.1f} points over no augmentation"
        return f"{told} ({found.setting}; [figures](#what-style-gives), {found.path})."
    said = {
        "better": f"style helps: {gain} points over no augmentation",
        "worse": f"style hurts: {gain} points against no augmentation",
        "not told apart": f"style makes no difference that {gain.pairs} pairs show: {gain} points",
    }[gain.word]
    parts, color = [said], found.strongest(color, metric)
    alone = color == ALL_BUT_STYLE
    if (most := found.compare(both, color, metric)) is not None:
        parts.append(
            {
                "better": f"add it to color and geometry: {most} more than those alone",
                "worse": f"leave it out where color and geometry are augmented: {most} points",
                "not told apart": f"on top of color and geometry it can't be told from nothing: {most} points",
            }[most.word]
            if alone
            else {
                "better": f"style and geometry together help on top of color: {most} points",
                "worse": f"style and geometry together hurt on top of color: {most} points",
                "not told apart": f"style and geometry on top of color can't be told from nothing: {most} points",
            }[most.word]
        )
        if any(found.learning(arm, metric) for arm in (both, color)):
            parts.append("arms of color were still learning when they were compared")
    if gain.word == "better":
        for word, about in (("better", "cheaper and better"), ("not told apart", "cheaper and not told apart from it")):
            if arms := _cheaper(found, metric, word):
                parts.append(f"{about}: {', '.join(f'`{arm}`' for arm in arms)}")
    return f"{'; '.join(parts)} ({found.setting}; [figures](#what-style-gives), {found.path})."


def _cheaper(found: Evidence, metric: str, word: str) -> list[str]:
    """Cheaper arms of which the interval says so beside style."""
    compared = {arm: found.compare(arm, "style", metric) for arm in CHEAPER}
    return [arm for arm, one in compared.items() if one is not None and one.pairs > 1 and one.word == word]


def gains() -> str:
    """What style gives each task, beside color and both."""
    rows = []
    for task, (name, metric, color, both) in TASKS.items():
        found = evidence(name)
        color = found.strongest(color, metric) if found else color
        pairs = (("style", "none"), (color, "none"), (both, color), (both, "style"))
        compared = [found.compare(*pair, metric) if found else None for pair in pairs]
        base = found.mean("none", metric) if found else None
        marks = [" †" if found and any(found.learning(arm, metric) for arm in pair) else "" for pair in pairs]
        cells = [NOT_RUN if one is None else f"{one}{mark}" for one, mark in zip(compared, marks, strict=True)]
        seeds = next((str(one.pairs) for one in compared if one is not None), "")
        rows.append([task, NOT_RUN if base is None else f"{base:.1f}", *cells, seeds, found.path if found else ""])
    headings = ["task", "none", "style - none", "color - none", "both - color", "both - style", "pairs", "figure"]
    return table(headings, rows)


def ratios() -> str:
    """Unaugmented to restyled images: each, beside the best."""
    return _search("ratio-", "unaugmented to restyled")


def alphas() -> str:
    """Strengths: each, beside the best."""
    return _search("alpha-", "alpha")


def _search(prefix: str, what: str) -> str:
    found = evidence("style-search")
    if found is None:
        return f"Which {what}: {NOT_RUN}; {remedy('style-search')}."
    metric = TASKS["naming images"][1]
    arms = sorted({row["arm"] for row in found.document["measured"] if row["arm"].startswith(prefix)}, key=_much)
    best = max(arms, key=lambda arm: found.mean(arm, metric) or 0.0)
    compared = {arm: found.compare(best, arm, metric) for arm in arms}
    rows, alike, unseen = [], [], ""
    for arm, behind in compared.items():
        near = arm == best or (behind is not None and behind.word == "not told apart")
        if near and not alike and behind is not None:
            fewest = f"less than {behind.detectable:.1f} points would not be seen"
            unseen = f"{fewest}; " if behind.pairs > 1 else "one pair tells nothing apart; "
        alike += [_value(arm)] if near else []
        gain = found.compare(arm, "none", metric)
        mean = found.mean(arm, metric)
        rows.append(
            [
                _value(arm),
                f"{mean:.1f}" if mean is not None else NOT_RUN,
                NOT_RUN if gain is None else str(gain),
                "best" if arm == best else str(behind),
            ]
        )
    if not any(behind is not None and behind.pairs > 1 for arm, behind in compared.items() if arm != best):
        told = f"One pair tells nothing apart; {_value(best)} came out best ({found.setting}; {found.path})."
        return f"{told}\n\n" + table([what, metric, "over none", "behind the best"], rows)
    told = (
        f"Take {alike[0]}: the least that is not told apart from the best, {_value(best)}"
        if alike[0] != _value(best)
        else f"Take {_value(best)}: the best, and none that is less is as good"
    )
    said = found.setting if alike[0] == _value(best) else f"{unseen}{found.setting}"
    return f"{told} ({said}; {found.path}).\n\n" + table([what, metric, "over none", "behind the best"], rows)


def _much(arm: str) -> float:
    """How much an arm of the search restyles: restyled images for each plain one, or the strength."""
    numbers = [float(part) for part in arm.split("-")[1:]]
    return numbers[1] / numbers[0] if len(numbers) == 2 else numbers[0]


def _value(arm: str) -> str:
    kind, _, rest = arm.partition("-")
    return rest.replace("-", ":") if kind == "ratio" else rest


def rivals() -> str:
    """Where a cheaper augmentation does the same as style."""
    rows = []
    for task, (name, metric, _, _) in TASKS.items():
        found = evidence(name)
        compared = {arm: found.compare(arm, "style", metric) if found else None for arm in CHEAPER}
        known = {arm: one for arm, one in compared.items() if one is not None}
        if not known:
            rows.append([task, NOT_RUN, "", "", ""])
        for arm, one in known.items():
            could = f"{one.detectable:.1f}" if one.pairs > 1 else "nothing"
            rows.append([task, f"`{arm}`", str(one), one.word if one.pairs > 1 else "one pair says nothing", could])
    return table(["task", "instead of style", "points over style", "so it is", "smallest difference to be seen"], rows)


def schedules() -> str:
    """How many steps were given, and how far each arm had come by then."""
    rows = []
    for name in dict.fromkeys(name for name, *_ in TASKS.values()):
        found = evidence(name)
        if found is None:
            rows.append([name, NOT_RUN, "", "", ""])
            continue
        steps = f"{found.document['settings']['steps']:,}"
        metrics = [key for row in found.document["measured"] for key in row if key.endswith("last loss")]
        losses = []
        for arm in ("none", "style", "both"):
            values = [found.mean(arm, metric) for metric in dict.fromkeys(metrics)]
            known = [value for value in values if value is not None]
            losses.append(f"{sum(known) / len(known):.2f}" if known else NOT_RUN)
        rows.append([name, steps, *losses])
    return table(["experiment", "steps", "last loss: none", "style", "both"], rows)


def halves() -> str:
    """Copies in one half of the steps, beside as many in all of them."""
    found, metric = evidence("style-search"), TASKS["naming images"][1]
    when = {"early": "in the first half", "late": "in the last half"}
    compared = {one: found.compare(f"schedule-{one}", "alpha-0.5", metric) if found else None for one in when}
    rows = [
        [told, f"{found.mean(f'schedule-{one}', metric):.1f}", str(difference)]
        for one, told in when.items()
        if found and (difference := compared[one]) is not None
    ]
    if not found or not rows:
        return f"When: {NOT_RUN}; {remedy('style-search')}, with `--arms all`."
    base = found.mean("alpha-0.5", metric)
    rows.insert(0, ["in all steps", f"{base:.1f}", ""])
    return f"{found.setting}; {found.path}.\n\n" + table(["copies", metric, "over all steps"], rows)


def costs() -> str:
    """What a restyled image costs, where it was timed."""
    rows = []
    for path in sorted(RESULTS.glob("style-*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        most = {row["size"]: row["batch"] for row in document.get("rows", ()) if row["name"] == "compact"}
        for row in document.get("rows", ()):
            if row["name"] in ("compact", "fast") and row["batch"] == most.get(row["size"]):
                each = row["milliseconds"] / row["batch"]
                where = "one core" if document["settings"]["device"] == "cpu" else document["device"]
                side, cpu = f"{row['size']} x {row['size']}, {row['batch']} at a time", document["machine"]["cpu"]
                rows.append(
                    [
                        "published networks" if row["name"] == "fast" else "the model that comes with impasto",
                        side,
                        f"{each:.1f} ms",
                        f"{1000 / each:,.0f}",
                        f"{cpu}, {where}: `benches/results/{path.name}`",
                    ]
                )
    headings = ["networks", "pixels", "an image", "images a second", "figure"]
    return table(headings, rows) if rows else f"{NOT_RUN}; `impasto bench style` times it."


TABLES: dict[str, Callable[[], str]] = {
    "guide-recommendations": recommendations,
    "guide-gains": gains,
    "guide-ratios": ratios,
    "guide-alphas": alphas,
    "guide-rivals": rivals,
    "guide-schedules": schedules,
    "guide-halves": halves,
    "guide-costs": costs,
}
