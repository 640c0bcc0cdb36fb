"""The tables and recommendations of docs/mixgen-guide.md, from the experiments' evidence in benches/results/."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction

import style_guide
from style_guide import NOT_RUN, Compared, Evidence, evidence, remedy, table

from impasto_lab.experiments.cases.advice import ADVICE
from impasto_lab.experiments.experiment import Piece
from impasto_lab.experiments.scarcity.figure3 import BOTH, IMAGES
from impasto_lab.experiments.scarcity.figure6 import RATIOS
from impasto_lab.experiments.scarcity.table3 import MODELS

#: Combinations of shape and color that were trained, and such that were not.
PARTS = ("seen", "unseen")
METRICS = tuple(f"RSUM {part}" for part in PARTS)
#: What table7's variants do.
VARIANTS = {
    "default": "as published",
    "a": "lambda drawn from Beta(0.1, 0.1)",
    "b": "one of the captions",
    "c": "one of the images",
    "d": "lambda of the tokens kept",
    "e": "half of all tokens kept",
}
#: What rivals are compared with, and what they are.
RIVALS = {
    "randaugment": ("mixgen", "RandAugment instead"),
    "mixgen-randaugment": ("mixgen", "RandAugment besides"),
    "words-dropped": ("mixgen", "a tenth of the words dropped instead"),
    "mixgen-words-dropped": ("mixgen", "a tenth of the words dropped besides"),
    "mixup-images": ("mixgen", "MixUp of images alone instead"),
    "mixgen-mixup": ("mixgen", "MixUp of images alone in every other batch"),
    "cut-joined": ("mixgen", "a rectangle cut out instead of blended"),
    "joined-by-and": ("mixgen", 'captions joined by "and"'),
    "mixgen-masked": ("mixgen", "partners left out of the loss"),
    "mixgen-soft": ("mixgen", "partners as soft targets"),
    "m2-mix": ("mixgen", "m2-Mix instead"),
    "mixgen-m2-mix": ("mixgen", "m2-Mix besides"),
}
#: What rows that are too short for joined captions are compared with, and what is done about it.
SHORT = {
    "mixgen-short": ("mixgen", "the end is cut"),
    "mixgen-short-balanced": ("mixgen", 'both captions are cut, `budget="balance"`'),
    "mixgen-short-fit": ("mixgen", 'partners that fit, `pairing="fit"`'),
}
#: What pretrained models are tuned to: the experiment, and its metrics by what they are called here.
TASKS: dict[str, tuple[str, dict[str, str]]] = {
    "retrieval, not tuned (RSUM)": ("table1", {part: f"RSUM zero-shot, {part}" for part in PARTS}),
    "retrieval (RSUM)": ("table1", {part: f"RSUM tuned, {part}" for part in PARTS}),
    "VQA": ("table4", {part: f"vqa, {part}" for part in PARTS}),
    "NLVR2": ("table4", {part: f"nlvr2, {part}" for part in PARTS}),
    "SNLI-VE": ("table4", {part: f"snli-ve, {part}" for part in PARTS}),
    "RefCOCO+ (val, testA)": ("table5", {"seen": "val", "unseen": "testA"}),
    "RefCOCO+ (testB)": ("table5", {"unseen": "testB"}),
}
CASES = {"digits": "little data", "medical": "pictures with reports", "social": "posts"}


def recommendations() -> str:
    """For each question: what to do, and why, as far as there is evidence."""
    asked = {
        "with 200 images": _answer("figure3", "mixgen-200", "plain-200"),
        "with 400 images": _answer("figure3", "mixgen-400", "plain-400"),
        "with 400 images, Table 3's CLIP": _answer("table3", "mixgen-clip", "plain-clip"),
        "with 1,600 images": _answer("figure3", "mixgen-1600", "plain-1600"),
        "a quarter of the batch": _answer("figure6", "quarter", "none"),
        "half of the batch": _answer("figure6", "half", "quarter"),
        "all of the batch": _answer("figure6", "whole", "quarter"),
        "with RandAugment": _answer("rivals", "mixgen-randaugment", "randaugment"),
        "partners left out of the loss": _answer("rivals", "mixgen-masked", "mixgen"),
        "batches of 16": _answer("figure6", "quarter-of-16", "none-of-16"),
        "batches of 200": _answer("figure6", "quarter-of-200", "none-of-200"),
    }
    return "\n".join(f"- **{question}**: {told}" for question, told in asked.items())


def _answer(name: str, better: str, worse: str) -> str:
    found = evidence(name)
    compared = found.compare(better, worse, METRICS[0]) if found else None
    if found is None or compared is None:
        return f"{NOT_RUN}; {remedy(name, better, worse)}."
    if compared.pairs < 2:
        said = "one pair, which shows nothing"
    else:
        said = {"better": "it helps", "worse": "it harms", "not told apart": "no difference that can be told"}[
            compared.word
        ]
    pairs = f"{compared.pairs} pairs; " if compared.pairs > 1 else ""
    return f"{said}: {compared} RSUM, `{better}` less `{worse}` ({pairs}{_setting(found)}; {found.path})."


def _setting(found: Evidence) -> str:
    """Size, model and steps."""
    settings = found.document["settings"]
    trained = settings.get("training", {}).get("clip")
    told = f", {trained['steps']:,} steps of {trained['batch_size']}" if trained else ""
    return f"{found.document['size']}{told}"


def _cell(one: Compared | None) -> str:
    return NOT_RUN if one is None else str(one)


def _compared(
    name: str,
    pairs: dict[str, tuple[str, str]],
    metrics: tuple[str, ...],
    headings: list[str],
    *,
    told_by_row: bool = False,
) -> str:
    """A row for each title: arms compared by each metric, the number of pairs, and where it stands.

    ``told_by_row`` leaves the training out of the last line: titles tell it.
    """
    found, rows = evidence(name), []
    for title, (better, worse) in pairs.items():
        compared = [found.compare(better, worse, metric) if found else None for metric in metrics]
        count = next((str(one.pairs) for one in compared if one is not None), "")
        rows.append([title, *map(_cell, compared), count])
    where = f"{NOT_RUN}; {remedy(name)}"
    if found:
        where = f"{found.document['size'] if told_by_row else _setting(found)}; {found.path}"
    return f"{table([*headings, 'pairs'], rows)}\n\n{where[:1].upper()}{where[1:]}."


def images() -> str:
    """By number of images, at equal epochs and at equal steps."""
    counts = sorted(IMAGES)
    pairs = {f"{count}, equal epochs": (f"mixgen-{count}", f"plain-{count}") for count in counts}
    pairs |= {
        f"{count}, equal steps": (f"mixgen-{count}-steps", f"plain-{count}-steps") for count in counts if count != BOTH
    }
    return _compared("figure3", pairs, METRICS, ["images", *PARTS])


def scenes() -> str:
    """By what is in the images: things, which make captions long, and ground."""
    groups = [*(f"{count} thing{'s' * (count > 1)}" for count in (1, 2, 3, 4)), "plain ground", "textured ground"]
    found, rows = evidence("figure3"), []
    for group in groups:
        compared = [
            found.compare("mixgen-400", "plain-400", f"{metric}, {group}") if found else None for metric in METRICS
        ]
        rows.append([group, *map(_cell, compared)])
    return table(["images with", *PARTS], rows)


def ratios() -> str:
    """By M."""
    pairs = {"all" if ratio == 1 else str(Fraction(ratio)): (arm, "none") for arm, ratio in RATIOS.items()}
    return _compared("figure6", pairs, METRICS, ["of the batch", *PARTS])


def variants() -> str:
    """By variant."""
    pairs = {f"{name}: {said}": (name, "none") for name, said in VARIANTS.items()}
    return _compared("table7", pairs, METRICS, ["variant", *PARTS])


def models() -> str:
    """By model, each trained in its own way."""
    found = evidence("table3")
    trained = found.document["settings"]["training"] if found else {}
    told = {name: f", {one['steps']:,} steps of {one['batch_size']}" for name, one in trained.items()}
    pairs = {f"{name}{told.get(name, '')}": (f"mixgen-{name}", f"plain-{name}") for name in MODELS}
    return _compared("table3", pairs, METRICS, ["model", *PARTS], told_by_row=True)


def tasks() -> str:
    """By what ALBEF is tuned to after pretraining."""
    rows, files = [], {}
    for task, (name, metrics) in TASKS.items():
        found = evidence(name)
        compared = {
            part: found.compare("mixgen-albef", "plain-albef", metric) if found else None
            for part, metric in metrics.items()
        }
        count = next((str(one.pairs) for one in compared.values() if one is not None), "")
        rows.append([task, *(_cell(compared[part]) if part in compared else "" for part in PARTS), count])
        files[found.path if found else f"{NOT_RUN}; {remedy(name)}"] = None
    return f"{table(['task', *PARTS, 'pairs'], rows)}\n\n{'; '.join(files)}."


def rivals() -> str:
    """What competes with MixGen."""
    pairs = {said: (arm, other) for arm, (other, said) in RIVALS.items()}
    return _compared("rivals", pairs, METRICS, ["less MixGen alone", *PARTS])


def short() -> str:
    """Rows of ids that are too short for joined captions."""
    pairs = {said: (arm, other) for arm, (other, said) in SHORT.items()}
    return _compared("rivals", pairs, METRICS, ["rows of 32 ids, less rows of 80", *PARTS])


def lengths() -> str:
    """Captions that no longer fit, of the posts."""
    found, rows = evidence("social"), []
    for arm in ("raw", "tidied", "raw-fit", "raw-balance", "tidied-fit"):
        means = [found.mean(arm, metric) if found else None for metric in ("cut", "lost", "things kept")]
        rows.append([f"`{arm}`", *(NOT_RUN if mean is None else f"{mean:.1f}" for mean in means)])
    headings = ["posts", "joined captions that are cut, %", "tokens lost of both, %", "phrases still whole, %"]
    return table(headings, rows)


def cases() -> str:
    """The case studies' advice."""
    parts = []
    for name, said in CASES.items():
        found = evidence(name)
        told = list(_advice(found)) if found else [f"{NOT_RUN}; {remedy(name)}."]
        where = f" ({found.path})" if found else ""
        parts.append(f"**{said.capitalize()}**{where}:\n\n" + "\n".join(f"- {one}" for one in told))
    return "\n\n".join(parts)


def _advice(found: Evidence) -> Iterator[str]:
    measured = {
        Piece(row["arm"], row["seed"]): {name: value for name, value in row.items() if name not in ("arm", "seed")}
        for row in found.document["measured"]
    }
    yield from ADVICE[found.document["experiment"]](measured)


def costs() -> str:
    """What mixing adds to loading."""
    rows = []
    for path in sorted(style_guide.RESULTS.glob("mixgen-*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for group, times in document.get("groups", {}).items():
            if "without" in times and "impasto" in times:
                more = 100 * (times["impasto"] / times["without"] - 1)
                rows.append([group, f"{more:+.1f} %", f"{document['machine']['cpu']}: `benches/results/{path.name}`"])
    return table(["what", "MixGen takes", "figure"], rows) if rows else f"{NOT_RUN}; `make bench` times it."


TABLES: dict[str, Callable[[], str]] = {
    "mixgen-guide-recommendations": recommendations,
    "mixgen-guide-images": images,
    "mixgen-guide-scenes": scenes,
    "mixgen-guide-ratios": ratios,
    "mixgen-guide-variants": variants,
    "mixgen-guide-models": models,
    "mixgen-guide-tasks": tasks,
    "mixgen-guide-rivals": rivals,
    "mixgen-guide-lengths": lengths,
    "mixgen-guide-short": short,
    "mixgen-guide-cases": cases,
    "mixgen-guide-costs": costs,
}
