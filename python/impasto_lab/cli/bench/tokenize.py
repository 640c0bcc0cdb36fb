"""``impasto bench tokenize``: captions to ids, beside the tokenizers that people use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Given
from impasto.errors import RecipeError, SourceError
from impasto_lab.bench.settings import KernelTiming
from impasto_lab.cli.bench import kernels as shared

if TYPE_CHECKING:
    from impasto_lab.bench.kernels import Group

EPILOG = f"""\
examples:
  impasto bench tokenize
  impasto bench tokenize --data captions.txt --vocabulary vocab.txt
  impasto bench tokenize --data captions_val2017.json --captions 10000 --json tokenize.json

{shared.JSON}"""
_NAMES = ("captions", "vocabulary", "threads", "rounds", "seed")


@dataclass(frozen=True, kw_only=True)
class BenchTokenize(shared.Bench):
    """Times tokenizers of CLIP, and of BERT with a vocabulary of its; whoever gives other ids isn't timed.

    open_clip's SimpleTokenizer is the judge of CLIP's ids, Hugging Face's tokenizers of BERT's. Arms run in turns on
    one core, by its CPU time.

    Args:
        data: Your own captions: a text file with one on each line, or a data set as `impasto info` takes it.
    """

    data: Annotated[str, "PATH"] | None = None
    timing: Annotated[dict[str, Any], Given(KernelTiming, "timing", _NAMES)] = field(default_factory=dict)


def run(bench: BenchTokenize) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    timing = shared.timing_of(bench, bench.timing)
    return shared.finish(
        bench,
        lambda: list(_groups(bench, timing)),
        title="Tokenising captions",
        what="captions/s",
        settings=timing,
        names=_NAMES,
    )


def _groups(bench: BenchTokenize, timing: KernelTiming) -> Iterator[Group]:
    from impasto_lab.bench import kernels

    if bench.data is None:
        captions = kernels.captions(timing.captions, seed=timing.seed)
    else:
        captions = _own(bench, bench.data, timing.captions)
    yield kernels.clip(captions)
    if timing.vocabulary is not None:
        yield kernels.bert(captions, timing.vocabulary)


def _own(bench: BenchTokenize, place: str, count: int) -> list[str]:
    if place.endswith(".txt"):
        captions = [line for line in _text(place).splitlines() if line.strip()][:count]
    else:
        from impasto import sources

        data = sources.open(place, images=bench.images_of)
        captions = [caption for row in range(min(count, len(data))) for caption in data[row].captions[:1]]
    if not captions:
        raise RecipeError(f"{place} has no captions; name a text file with one on each line, or a data set with some")
    return captions


def _text(place: str) -> str:
    try:
        return Path(place).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"the captions can't be read: {error}; a file of UTF-8 is wanted", path=place) from error
