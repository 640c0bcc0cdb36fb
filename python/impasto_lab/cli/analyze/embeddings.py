"""``impasto analyze embeddings``: where models put images and captions."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from impasto.cli import Device, File, Folder, Opening, Positional, Positive, output

EPILOG = """\
examples:
  impasto analyze embeddings mixed/ --data scenes/annotations/captions_val.json
  impasto analyze embeddings plain/ mixed/ --data scenes/annotations/captions_val.json \\
      --rare scenes/annotations/captions_test.json --out representation/"""


@dataclass(frozen=True, kw_only=True)
class AnalyzeEmbeddings:
    """Looks at the representation of a CLIP, an ALBEF or a TCL, or at two of them on the same data.

    Modality gap, alignment and uniformity, retrieval (of rare combinations too), what a linear probe reads off images
    and captions, the neighbors of images and how many of them stay, and maps on a plane. All goes to
    OUT/embeddings.html, the numbers to OUT/embeddings.json.

    Args:
        checkpoint: The folder of a run of impasto train, or a published file with --model.
        other: A second one, such as that with MixGen, on the same data.
        data: Images with captions that neither was trained on.
        rare: The same of combinations that are rare, or that training has none of.
        facts: What else is known of the images of --data, one JSON object with an id a line; by default a world's,
            where it lies beside the captions.
        rows: Of each data set, at most.
        neighbors: Of each image.
        model: What published files are of.
        vocabulary: BERT's vocab.txt of published files.
        out: Where the page goes; by default embeddings/ in the first run's folder, or here beside a file.
        device: Where networks run; auto takes a GPU if there is one.
        json: Write the numbers as JSON too ('-': to standard output, alone).
    """

    checkpoint: Positional[Annotated[str, "CHECKPOINT"]]
    other: Positional[Annotated[str | None, "CHECKPOINT"]] = None
    data: Annotated[str, "DATA"]
    opening: Opening = field(default_factory=Opening)
    rare: Annotated[str | None, "DATA"] = None
    facts: File | None = None
    rows: Positive = 500
    neighbors: Positive = 10
    model: Annotated[str | None, "KIND"] = None
    vocabulary: File | None = None
    out: Folder | None = None
    device: Device = "auto"
    json: File | None = None


def run(asked: AnalyzeEmbeddings) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(asked.json)
    from impasto_lab.experiments.analysis.embeddings.analysis import analyze
    from impasto_lab.experiments.analysis.embeddings.attributes import facts_beside
    from impasto_lab.experiments.analysis.embeddings.embedded import names_of
    from impasto_lab.experiments.analysis.embeddings.page import tables, write_embeddings
    from impasto_lab.tasks.downstream import open_checkpoint

    tell = output.Terminal(console)
    paths = [asked.checkpoint, *([] if asked.other is None else [asked.other])]
    models = {
        name: open_checkpoint(path, model=asked.model, vocabulary=asked.vocabulary)
        for name, path in zip(names_of(paths), paths, strict=True)
    }
    facts = Path(asked.facts) if asked.facts else facts_beside(asked.data)
    if facts is None:
        tell.say("nothing is known of the images besides their captions (--facts): no linear probes")
    found = analyze(
        models,
        asked.opening.open_split(asked.data),
        rare=None if asked.rare is None else asked.opening.open_split(asked.rare),
        facts=facts,
        images=asked.rows,
        neighbors=asked.neighbors,
        device=asked.device,
        narrator=tell,
    )
    first = Path(asked.checkpoint)
    folder = Path(asked.out) if asked.out else (first if first.is_dir() else Path()) / "embeddings"
    words = ["impasto analyze embeddings", *map(shlex.quote, paths), "--data", shlex.quote(asked.data)]
    words += [] if asked.rare is None else ["--rare", shlex.quote(asked.rare)]
    words += ["--rows", str(asked.rows), "--neighbors", str(asked.neighbors)]
    page = write_embeddings(found, folder, command=" ".join(words))
    for title, _, headings, rows in tables(found):
        tell.table(title, headings, rows)
    if asked.json != "-":
        tell.say(f"the page: {page}")
    output.write_json(found.as_dict(), asked.json)
    return 0
