"""SNLI-VE: a hypothesis a line, one file a split."""

from __future__ import annotations

from pathlib import Path

from impasto_lab.worlds.formats.language.told import told_of
from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import dump


class SnliVeWriter:
    """Writes ``annotations/snli_ve_{split}.jsonl``, with the official files' spelling of ``Flikr30kID``.

    A sample's fact ``"hypotheses"`` is a list of ``sentence`` and ``label``.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder, self._name = root / "annotations", name
        self._lines: dict[str, list[str]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample.

        Raises:
            RecipeError: If no hypotheses are told of it.
        """
        image, premise = Path(file).stem, sample.captions[0]
        for place, one in enumerate(told_of(sample, "hypotheses", number, self._name)):
            told = {"sentence1": premise, "sentence2": one["sentence"], "gold_label": one["label"]}
            ids = {"Flikr30kID": image, "captionID": f"{file}#0", "pairID": f"{file}#0r{place}"}
            self._lines[sample.split].append(dump({**told, **ids, "annotator_labels": [one["label"]]}) + "\n")

    def close(self) -> None:
        """Writes the files of the splits that have hypotheses."""
        self._folder.mkdir(exist_ok=True)
        for split, lines in self._lines.items():
            if lines:
                (self._folder / f"snli_ve_{split}.jsonl").write_text("".join(lines), encoding="utf-8")
