"""What a model makes of images is what the verbs say of it, and what it tells stands beside its image."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from impasto import sources
from impasto_lab.cli import main
from impasto_lab.experiments import Piece, Place, registry
from impasto_lab.experiments.representing.naming import NAMED, images_of, prepare, sentences_of
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.runner import reproduce
from impasto_lab.experiments.scarcity.data import PARTS

LOOKED, TOLD = registry.find("representation"), registry.find("captioning")


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    folder = tmp_path_factory.mktemp("looked") / "run"
    return folder, reproduce(LOOKED, folder, size="smoke", device="cpu")


def test_things_lie_in_a_folder_of_what_they_are(tmp_path: Path) -> None:
    """Shape and color name the same images; those of test show combinations that neither training nor val has."""
    settings, place = LOOKED.settings["smoke"], Place(shared=tmp_path, folder=tmp_path)
    prepare(settings, place)
    made = {name: {split: images_of(tmp_path, name, split) for split in ("val", "test")} for name in NAMED}
    combinations: dict[str, set[tuple[str, str]]] = {}
    for split in ("val", "test"):
        of = {}
        for name in NAMED:
            data = made[name][split]
            assert len(data) == settings.held
            of[name] = {Path(data.keys[row]).name: data.facts(row)["class"] for row in range(len(data))}
        combinations[split] = {(of["shape"][file], of["color"][file]) for file in of["shape"]}
    trained = (tmp_path / "world" / "annotations" / "facts_train.jsonl").read_text().splitlines()
    things = {(thing["shape"], thing["color"]) for line in trained for thing in json.loads(line)["things"]}
    assert not combinations["test"] & (combinations["val"] | things)
    shown = {path.read_bytes() for path in (tmp_path / "world" / "images").iterdir()}
    assert not any(path.read_bytes() in shown for path in (tmp_path / "named" / "shape" / "images").iterdir())
    for name, other in (NAMED, NAMED[::-1]):
        lines = sentences_of(tmp_path, name).read_text().splitlines()
        classes = {made[other][split].classes[0] for split in ("val", "test")}
        assert all(line.count("{}") == 1 for line in lines) and all(
            any(one in line for line in lines) for one in classes
        )
    before = (tmp_path / "named" / "color" / "world.json").stat().st_mtime_ns
    prepare(settings, place)
    assert (tmp_path / "named" / "color" / "world.json").stat().st_mtime_ns == before, "what is there is taken"


def test_figures_are_those_of_the_verbs(looked: tuple[Path, Results], capsys: pytest.CaptureFixture[str]) -> None:
    folder, results = looked
    runs = [folder / f"{arm}-0" / "pretraining" for arm in ("plain-clip", "mixgen-clip")]
    found = json.loads((folder / "embeddings-clip" / "embeddings.json").read_text())
    assert list(found["models"]) == ["plain-clip-0", "mixgen-clip-0"] and str(folder) not in found["command"]
    for arm in ("plain-clip", "mixgen-clip"):
        own, told = results.measured[Piece(arm, 0)], found["models"][f"{arm}-0"]
        assert {name: own[name] for name in told["geometry"]} == told["geometry"]
        assert own["RSUM seen"] == told["retrieval"]["data"]["rsum"]
        assert own["RSUM unseen"] == told["retrieval"]["rare"]["rsum"]
        assert own["color read off images"] == told["probes"]["color"]["images"]["score"]
    for name in NAMED:
        for part, split in PARTS.items():
            classes, sentences = folder / "named" / name / "classes" / split, folder / "named" / f"{name}.txt"
            words = ["evaluate", "zero-shot", str(runs[1]), "--data", str(classes), "--templates", str(sentences)]
            assert main([*words, "--device", "cpu", "--json", "-"]) == 0
            figures = json.loads(capsys.readouterr().out)["figures"]
            assert figures["top-1"] == results.measured[Piece("mixgen-clip", 0)][f"{name} named, {part}"]
            assert figures["unknown"] == 0 and f"class {sources.open(classes).classes[0]}" in figures
    assert (folder / "report.html").exists()


def test_evidence_alone_has_no_maps(looked: tuple[Path, Results], tmp_path: Path) -> None:
    folder, results = looked
    again = reproduce(LOOKED, tmp_path, size="smoke", device="cpu", known=(folder / "results.json",))
    assert again.measured == results.measured and not (tmp_path / "embeddings-clip").exists()
    assert (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_what_is_told_stands_below_its_image(tmp_path: Path) -> None:
    results = reproduce(TOLD, tmp_path, size="smoke", device="cpu")
    assert {"CIDEr-D, seen", "BLEU-4, unseen", "words, seen"} <= set(results.measured[Piece("plain-albef", 0)])
    for part in ("seen", "unseen"):
        kept = json.loads((tmp_path / "told" / "mixgen-albef-0" / part / "captions_results.json").read_text())
        assert len(kept) == TOLD.settings["smoke"].held
    with Image.open(tmp_path / "told.png") as drawn:
        assert drawn.width > 500
    assert (tmp_path / "mixgen-albef-0" / "captioning" / "model").exists()
