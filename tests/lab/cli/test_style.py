"""``impasto style`` and ``impasto reproduce default-style``, run for real on little."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

import impasto
from impasto.style.model import StyleModel
from impasto_lab.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise of many colours: 70 styles, 8 contents."""
    folder = tmp_path_factory.mktemp("style")
    draw = np.random.default_rng(5)
    for name, count in (("styles", 70), ("contents", 8)):
        (folder / name).mkdir()
        for number in range(count):
            coarse = draw.integers(0, 256, (int(draw.integers(2, 24)), 24, 3), dtype=np.uint8)
            PIL.Image.fromarray(coarse).resize((48, 48)).save(folder / name / f"{number}.png")
    return folder


def _train(folder: Path, out: Path, *more: str) -> int:
    few = ["--steps", "4", "--side", "32", "--batch-size", "4", "--picture-every", "2", "--device", "cpu"]
    data = ["--content", str(folder / "contents"), "--style", str(folder / "styles"), "--out", str(out)]
    return main(["style", "train", *data, *few, *more])


def test_train_and_stats(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert _train(folder, run, "--json", str(tmp_path / "train.json")) == 0
    assert "model.safetensors" in capsys.readouterr().out
    assert sorted(path.name for path in (run / "pictures").iterdir()) == ["step-00000002.png", "step-00000004.png"]
    with PIL.Image.open(run / "pictures" / "step-00000004.png") as sheet:
        assert sheet.size == (5 * 36, 5 * 36)
    with PIL.Image.open(run / "curves.png") as plot:
        assert plot.size[0] > 100
    records = json.loads((tmp_path / "train.json").read_text(encoding="utf-8"))["records"]
    assert records[-1]["step"] == 4

    one_size = tmp_path / "stats.safetensors"
    arguments = ["--style", str(folder / "styles"), "--content", str(folder / "contents"), "--side", "48"]
    model = str(run / "model.safetensors")
    target = str(tmp_path / "stats.json")
    assert main(["style", "stats", *arguments, "--model", model, "--out", str(one_size), "--json", target]) == 0
    found, trained = StyleModel.load(one_size), StyleModel.load(model)
    statistics = json.loads(Path(target).read_text(encoding="utf-8"))
    assert statistics["count"] == 70
    pictures = np.stack([impasto.ops.decode(folder / "styles" / f"{number}.png") for number in range(70)])
    with torch.no_grad():
        embeddings = trained.predictor(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255).numpy()
    np.testing.assert_allclose(found.distribution.mean, embeddings.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(found.distribution.covariance, np.cov(embeddings, rowvar=False), atol=1e-3)
    assert not torch.equal(found.content_mean, trained.content_mean)
    for (name, one), other in zip(
        found.transformer.state_dict().items(), trained.transformer.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other), name


def test_training_goes_on(folder: Path, tmp_path: Path) -> None:
    assert _train(folder, tmp_path / "run") == 0
    whole = StyleModel.load(tmp_path / "run" / "model.safetensors")
    assert _train(folder, tmp_path / "run", "--resume") == 0
    again = StyleModel.load(tmp_path / "run" / "model.safetensors")
    assert torch.equal(whole.transformer.paint.conv.weight, again.transformer.paint.conv.weight)


def test_bad_input(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    three = tmp_path / "three"
    three.mkdir()
    for number in range(3):
        PIL.Image.new("RGB", (48, 48), (80 * number, 0, 0)).save(three / f"{number}.png")
    data = ["--content", str(folder / "contents"), "--style", str(three), "--out", str(tmp_path / "run")]
    assert main(["style", "train", *data, "--device", "cpu"]) == 1
    assert "add some" in capsys.readouterr().err
    (three / "1.png").unlink()
    (three / "2.png").unlink()
    assert main(["style", "stats", "--style", str(three), "--out", str(tmp_path / "m.safetensors")]) == 1
    assert "at least two images" in capsys.readouterr().err
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not a model")
    styles = str(folder / "styles")
    assert main(["style", "stats", "--style", styles, "--model", str(broken), "--out", str(tmp_path / "m")]) == 1
    assert "broken.safetensors" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_default_model_is_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At its smallest: the seeds decide all, and what is there is not made again."""
    arguments = ["reproduce", "default-style", "--size", "smoke", "--device", "cpu", "--out", str(tmp_path / "run")]
    assert main([*arguments, "--json", str(tmp_path / "about.json")]) == 0
    about = json.loads((tmp_path / "about.json").read_text(encoding="utf-8"))
    assert {"experiment", "measured", "settings", "machine", "versions", "command"} <= set(about)
    (measured,) = about["measured"]
    strengths = {name.removeprefix("accuracy, ") for name in measured if name.startswith("accuracy, ")}
    assert strengths == {"plain", "0.0", "0.25", "0.5", "0.75", "1.0"}
    path = tmp_path / "run" / "model.safetensors"
    first = StyleModel.load(path)
    assert first.about["began"] is None
    assert "What was tried" not in (tmp_path / "run" / "README.md").read_text(encoding="utf-8")
    (tmp_path / "run" / "pieces" / "compact-0.json").unlink()
    assert main(arguments) == 0
    again = StyleModel.load(path)
    assert again.about == first.about
    for (name, one), other in zip(first.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    stylize = impasto.StyleRandomizer.load(path)
    assert stylize(torch.rand(2, 3, 32, 32)).shape == (2, 3, 32, 32)
    assert {path.name for path in (tmp_path / "run").glob("*.png")} == {"curves.png", "held-out.png", "random.png"}
