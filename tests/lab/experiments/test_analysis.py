"""Networks that an experiment left are found again and measured where their domain changes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from impasto import CheckpointError, RecipeError, SourceError
from impasto_lab.cli import main
from impasto_lab.experiments import registry
from impasto_lab.experiments.analysis.page import table
from impasto_lab.experiments.analysis.shift import analyze
from impasto_lab.experiments.classification.arms import Arm, recipe
from impasto_lab.experiments.classification.opening import training_of, trainings
from impasto_lab.experiments.runner import reproduce
from impasto_lab.tasks import Labeled
from impasto_lab.worlds import corrupt


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stl10")
    reproduce(registry.find("stl10"), root, size="smoke", arms=("none", "traditional"), device="cpu")
    return root


def test_the_networks_are_the_ones_that_were_scored(folder: Path) -> None:
    """The scores that the experiment wrote, from the weights that it left."""
    evidence = json.loads((folder / "results.json").read_text())
    found = {one.arm: one for one in trainings(folder)}
    assert set(found) == {"none", "traditional"}
    shifts = analyze(list(found.values()), images=1000, corrupted=0, device="cpu")
    for shift, row in zip(shifts, evidence["measured"], strict=True):
        assert shift.training.arm == row["arm"]
        assert shift.scores["target"] == pytest.approx(row["shifted"])
        assert shift.scores["source"] == pytest.approx(row["source"])
        assert shift.scores["shift"] == pytest.approx(row["source"] - row["shifted"])
        assert shift.scores["overfit"] == pytest.approx(shift.scores["train"] - row["source"])
        if "shape bias" in row:
            assert shift.scores["shape bias"] == pytest.approx(row["shape bias"])
        assert 0 <= shift.scores["A-distance"] <= 2
    steps, values = shifts[0].course["target"]
    assert steps == [1.0, 2.0] and values[-1] == pytest.approx(evidence["measured"][0]["shifted"])
    logged = map(json.loads, (folder / "none-0" / "metrics.jsonl").read_text().splitlines())
    batches = [100 * record["accuracy"] for record in logged if "accuracy" in record]
    assert batches and shifts[0].course["train"][1] == pytest.approx(batches)


def test_a_page_a_table_and_json(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = ["fog", "contrast"]
    for module in ("shift", "page"):
        name = f"impasto_lab.experiments.analysis.{module}.CORRUPTIONS"
        monkeypatch.setattr(name, few)
    asked = []

    def noting(image: np.ndarray, name: str, severity: int, rng: np.random.Generator) -> np.ndarray:
        asked.append((name, severity))
        return corrupt(image, name, severity, rng)

    monkeypatch.setattr("impasto_lab.experiments.analysis.shift.corrupt", noting)
    assert main(["analyze", "shift", "--experiment", str(folder), "--images", "20", "--corrupted", "20"]) == 0
    assert Counter(asked) == {(name, severity): 20 for name in few for severity in range(1, 6)}
    told = json.loads((folder / "analysis" / "shift.json").read_text())
    for one in told["networks"]:
        assert {name: len(values) for name, values in one["by corruption"].items()} == {"fog": 5, "contrast": 5}
        assert one["corrupted"] == pytest.approx(np.mean(list(one["by corruption"].values())))
    assert told["networks"][0]["mCE"] == pytest.approx(100)  # the baseline, beside itself
    assert [row["arm"] for row in told["means"]] == ["none", "traditional"]
    page = (folder / "analysis" / "shift.html").read_text()
    assert "accuracy under corruption" in page and "<td>fog</td>" in page and "train and test gap" in page


def test_features_are_what_the_last_layer_is_given(folder: Path) -> None:
    one = trainings(folder)[0]
    model = one.network()
    seen = Labeled.of(one.data.test("source"), recipe(Arm(), one.data.settings.side).views[0])
    features, scores = seen.features(model), model(seen.images).detach()
    assert np.allclose(model.head(features).detach(), scores, atol=1e-4)


def test_a_checkpoint_alone(folder: Path) -> None:
    checkpoint = folder / "none-0" / "checkpoints" / "step-00000001"
    for path, name in ((checkpoint, "step-00000001"), (folder / "none-0", "step-00000002")):
        one = training_of(path)
        assert (one.arm, one.seed, one.checkpoint.name) == ("none", 0, name)
    assert main(["analyze", "shift", str(checkpoint), "--images", "20", "--corrupted", "0", "--json", "-"]) == 0
    assert (folder / "none-0" / "analysis" / "shift.html").exists()


def test_what_cannot_be_analyzed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="no results of an experiment"):
        trainings(tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint of an experiment"):
        training_of(tmp_path / "step-00000001")
    (tmp_path / "results.json").write_text(
        json.dumps({"experiment": "detection", "size": "smoke", "measured": [], "settings": {}})
    )
    with pytest.raises(RecipeError, match="name images"):
        trainings(tmp_path)
    assert main(["analyze", "shift"]) == 1 and "name a CHECKPOINT" in capsys.readouterr().err
    assert main(["analyze", "shift", "x", "--experiment", str(folder)]) == 1


def test_the_table_has_accuracy_under_shift_first(folder: Path) -> None:
    (first, *_) = table(analyze(trainings(folder)[:1], images=20, corrupted=0, device="cpu"))
    assert first[:3] == ["", "none", "1"] and len(first) >= 9
