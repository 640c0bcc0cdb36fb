"""What follows from what was measured: sentences, each with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from impasto_lab.experiments.experiment import Claim, Piece
from impasto_lab.experiments.verdicts import judge
from impasto_lab.worlds.posts import LANGUAGES

Measured = Mapping[Piece, Mapping[str, float]]

#: Shares in per cent from which something is worth a warning, and below which it is not worth a word.
_MUCH, _LITTLE = 20.0, 2.0


def advise_digits(measured: Measured) -> list[str]:
    """Whether to mix, by the number of images."""
    advice = []
    for number in sorted({int(piece.arm.rpartition("-")[2]) for piece in measured}):
        verdict = judge(Claim(better=f"mixgen-{number}", worse=f"plain-{number}", metric="accuracy"), measured)
        if verdict is None:
            continue
        word = {"agrees": "mix", "disagrees": "do not mix", "undecided": "nothing is shown"}[verdict.word]
        low, high = verdict.interval
        told = f"{low:+.1f} to {high:+.1f}" if verdict.seeds > 1 else "one pair, which shows nothing"
        advice.append(
            f"With {number} images: {word}. MixGen changes the accuracy by {verdict.difference:+.1f} points ({told})."
        )
    if advice:
        advice.append(
            "Ten classes give many pairs of a batch the same meaning, which the loss takes for wrong ones, mixed or "
            "not: where captions are few, compare with a classifier before anything else."
        )
    return advice


def advise_medical(measured: Measured) -> list[str]:
    """What mixing does to reports and to what they name."""
    advice = []
    both, one = (_mean(measured, arm, "contradicted") for arm in ("mixgen", "one-subject"))
    if both is not None:
        rule = "do not join reports that deny findings" if both > _LITTLE else "joined reports rarely contradict"
        advice.append(f"{both:.0f} % of joined reports deny a finding that they assert: {rule}.")
    if both is not None and one is not None and one > both:
        advice.append(
            f"Within one kind of picture it is {one:.0f} %: the more alike the studies of a data set, the worse. Leave "
            "out what is denied, or mix pictures alone."
        )
    if (placed := _mean(measured, "mixgen", "misplaced")) is not None and placed > _LITTLE:
        advice.append(f"{placed:.0f} % put one finding in two places: a side is no longer of one patient.")
    if (contrast := _mean(measured, "mixgen", "contrast kept")) is not None:
        advice.append(
            f"Blending leaves {contrast:.0f} % of the contrast of fine detail, and all of the report: do not mix where "
            "what is faint decides."
        )
    if (gone := _mean(measured, "mixgen", "findings gone")) is not None and gone > _LITTLE:
        advice.append(f"{gone:.0f} % of findings keep less than a quarter of their contrast, and stay in the report.")
    less, more = (_mean(measured, arm, "own detail") for arm in ("mixgen", "lam-0.8"))
    if less is not None and more is not None and more > less:
        advice.append(
            f"With a lam of 0.8 a picture's own detail is {more:.0f} % of what is seen, with 0.5 it is {less:.0f} %: a "
            "large lam keeps the finding, but then the partner's report stands for what is hardly there."
        )
    if (covered := _mean(measured, "cut", "findings gone")) is not None and covered > _LITTLE:
        advice.append(
            f"A rectangle cut out takes {covered:.0f} % of findings away whole, and the report still names them."
        )
    return advice


def advise_social(measured: Measured) -> list[str]:
    """What to do to posts before they are joined."""
    advice = []
    raw, tidied = (_mean(measured, arm, "cut") for arm in ("raw", "tidied"))
    if raw is not None:
        word = "tokens are lost" if raw > _LITTLE else "nearly all fits"
        advice.append(f"Of posts joined as they are, {raw:.0f} % do not fit into the row of ids: {word}.")
    if raw is not None and tidied is not None:
        better = "tidy posts before mixing" if raw - tidied > _LITTLE else "tidying changes little"
        advice.append(f"Without links, mentions, hashtags and emoji it is {tidied:.0f} %: {better}.")
    things = {
        arm: _mean(measured, arm, "things kept") for arm in ("raw", "tidied", "raw-fit", "raw-balance", "tidied-fit")
    }
    known = {arm: value for arm, value in things.items() if value is not None}
    if len(known) > 1:
        best = max(known, key=lambda arm: known[arm])
        told = ", ".join(f"{arm} {value:.0f} %" for arm, value in known.items())
        advice.append(f"What posts say of their pictures is whole most often with {best} ({told}).")
    ids = {one: _mean(measured, "raw", f"ids, {one}") for one in LANGUAGES}
    lengths = {one: value for one, value in ids.items() if value is not None}
    if len(lengths) > 1:
        least, most = (choose(lengths, key=lambda one: lengths[one]) for choose in (min, max))
        rule = (
            "do not join where they are long, or take a tokenizer of the languages"
            if lengths[most] > lengths[least] * (1 + _MUCH / 100)
            else "languages cost alike"
        )
        advice.append(
            f"CLIP's vocabulary is English: a post takes {lengths[least]:.0f} ids in {least} and {lengths[most]:.0f} "
            f"in {most}; {rule}."
        )
    return advice


#: By experiment.
ADVICE: dict[str, Callable[[Measured], list[str]]] = {
    "digits": advise_digits,
    "medical": advise_medical,
    "social": advise_social,
}


def _mean(measured: Measured, arm: str, metric: str) -> float | None:
    values = [found[metric] for piece, found in measured.items() if piece.arm == arm and metric in found]
    return float(np.mean(values)) if values else None
