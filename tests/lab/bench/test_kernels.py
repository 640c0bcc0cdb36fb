"""What is compared is compared: every arm's answer is judged, and a wrong one is not timed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from impasto.errors import VocabularyError
from impasto_lab.bench import kernels
from impasto_lab.bench.answers import AnswersDifferError

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")
BENCHES = Path(__file__).parents[3] / "benches" / "python"


@pytest.fixture(scope="module")
def groups(bert_vocabulary: Path) -> dict[str, kernels.Group]:
    """Every group, on little."""
    jpegs, captions = kernels.jpegs(8), kernels.captions(50)
    views = kernels.views(jpegs)
    return {
        "decoding": kernels.decoding(jpegs),
        "bilinear": kernels.resizing(jpegs, views, "bilinear"),
        "bicubic": kernels.resizing(jpegs, views, "bicubic"),
        "laying_out": kernels.laying_out(),
        "mixed_epochs": kernels.mixed_epochs(jpegs, captions),
        "mixing": kernels.mixing(count=8),
        "clip": kernels.clip(captions),
        "bert": kernels.bert(captions, bert_vocabulary),
        "randaugment": kernels.randaugment(jpegs),
        "albef_randaugment": kernels.albef_randaugment(jpegs),
        "augmented_epochs": kernels.augmented_epochs(jpegs),
    }


def test_arms_agree(groups: dict[str, kernels.Group]) -> None:
    for group in groups.values():
        assert next(iter(group.arms)).startswith("impasto")
        for name in group.names:
            group.checked(name)()


@pytest.mark.parametrize(
    ("group", "arm", "damage"),
    [
        ("decoding", "impasto", lambda answer: [answer[0] ^ 1, *answer[1:]]),
        ("bilinear", "torchvision", lambda answer: [answer[0] // 2, *answer[1:]]),
        ("bicubic", "impasto", lambda answer: [image[::-1] for image in answer]),
        ("laying_out", "impasto", lambda answer: answer + 1e-3),
        ("mixed_epochs", "variant d", lambda answer: answer - 1),
        ("mixing", "impasto", lambda answer: answer.flip(0)),
        ("clip", "tokenizers", lambda answer: answer.flip(1)),
        ("bert", "impasto", lambda answer: answer + 1),
        ("randaugment", "pillow", lambda answer: answer[::-1]),
        ("randaugment", "torchvision", lambda answer: answer[::-1]),
        ("albef_randaugment", "impasto", lambda answer: answer[1:]),
        ("augmented_epochs", "impasto, ALBEF's", lambda answer: 0),
    ],
)
def test_a_wrong_answer_is_not_timed(
    groups: dict[str, kernels.Group], group: str, arm: str, damage: Callable[[object], object]
) -> None:
    whole = groups[group]
    damaged = dataclasses.replace(whole, arms=whole.arms | {arm: lambda: damage(whole.arms[arm]())})
    with pytest.raises(AnswersDifferError, match=re.escape(arm)):
        damaged.checked(arm)


@pytest.mark.parametrize("content", [None, b"", b"\x7fELF\xff\n", b"a\nb\n"])
def test_a_vocabulary_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    """Before anybody else reads it, who would say so in words of their own."""
    for place in (tmp_path / "nope.txt", tmp_path):
        if content is not None and place != tmp_path:
            place.write_bytes(content)
        with pytest.raises(VocabularyError, match=f"^{re.escape(str(place))}: "):
            kernels.bert(["a cat"], place)


def test_benches_name_every_arm(groups: dict[str, kernels.Group]) -> None:
    """Their lists are literal, so that nothing is loaded to collect them; they are complete nevertheless."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(BENCHES.glob("bench_*.py")))
    listed = set(re.findall(r'"([^"\n]+)"', text))
    assert {name for group in groups.values() for name in group.names} <= listed
