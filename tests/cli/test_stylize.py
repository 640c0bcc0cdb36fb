"""`impasto stylize` for real, on little: pictures in random and given styles, optimised ones, data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from safetensors.torch import save_file

import impasto
from impasto.cli import main
from impasto.jobs.pictures import optimize_picture
from impasto.style.embedding import EmbeddingDistribution
from impasto.style.model import StyleModel
from impasto.style.networks.compact import StatisticsPredictor
from impasto.style.networks.features import SmallVGG
from impasto.style.networks.transformer import StyleTransformer
from impasto.style.networks.vgg import load_features

Run = Callable[..., str]


def _blob(side: int, seed: int = 0) -> np.ndarray:
    """[side, side, 3] uint8: a soft disc of one color on another, with an edge and a slope to keep."""
    light, dark = np.random.default_rng(seed).integers(0, 256, (2, 3))
    rows, columns = np.indices((side, side)) / side - 0.5
    inside = np.clip(8 * (0.3 - np.hypot(rows, columns + 0.1)), 0, 1)[..., None]
    return (inside * light * (0.7 + 0.6 * rows[..., None]) + (1 - inside) * dark).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture, a style, a model and features."""
    folder = tmp_path_factory.mktemp("stylize")
    torch.manual_seed(0)
    StyleModel(
        StyleTransformer(widths=(4, 6, 8), residuals=1, embedding=8, kernel=3),
        StatisticsPredictor(embedding=8, widths=(4, 4, 4, 4)),
        EmbeddingDistribution(torch.zeros(8), 9 * torch.eye(8)),
    ).save(folder / "model.safetensors")
    save_file(SmallVGG(widths=(4, 8, 8, 8)).state_dict(), folder / "features.safetensors")
    mug = PIL.Image.fromarray(_blob(48))
    mug.save(folder / "mug.png")
    mug.convert("RGBA").save(folder / "clear.png")
    mug.convert("L").save(folder / "gray.jpg")
    PIL.Image.fromarray(np.indices((40, 60)).sum(axis=0).astype(np.uint8) * 2).save(folder / "style.jpg")
    for number in range(3):
        PIL.Image.fromarray(_blob(24, number)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the verb in a fresh folder, with the model, and returns what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(source: str, *arguments: str, model: bool = True, status: int = 0) -> str:
        given = ["--model", str(folder / "model.safetensors")] if model else []
        assert main(["stylize", str(folder / source), *arguments, *given]) == status
        captured = capsys.readouterr()
        return captured.err if status else captured.out

    return run


def _pixels(path: str | Path) -> np.ndarray:
    with PIL.Image.open(path) as image:
        assert image.mode == "RGB"
        return np.asarray(image)


def test_twice_gives_two_pictures_and_a_seed_the_same(run: Run) -> None:
    told = [run("mug.png", f"{name}.png", "--alpha", "0.5") for name in ("one", "two")]
    one, two = (Path(f"{name}.png").read_bytes() for name in ("one", "two"))
    assert one != two
    seed = told[0].partition("--seed ")[2].split()[0]
    run("mug.png", "again.png", "--alpha", "0.5", "--seed", seed)
    assert Path("again.png").read_bytes() == one
    run("mug.png", "weak.png", "--alpha", "0.1", "--seed", seed)
    assert Path("weak.png").read_bytes() != one


@pytest.mark.parametrize("source", ["mug.png", "clear.png", "gray.jpg"])
@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "JPEG"])
def test_formats(source: str, ending: str, run: Run) -> None:
    Path(f"out.{ending}").write_text("an older picture")
    document = json.loads(run(source, f"out.{ending}", "--json", "-", "--size", "32"))
    assert _pixels(f"out.{ending}").shape == (32, 32, 3)
    assert (document["height"], document["width"], document["alpha"]) == (32, 32, 0.5)
    assert 0 <= document["seed"] < 2**31


def test_in_the_style_of_a_picture(run: Run, folder: Path) -> None:
    style = ("--style", str(folder / "style.jpg"))
    assert "alpha 1.0" in run("mug.png", "one.png", *style)
    run("mug.png", "two.png", *style, "--alpha", "1", "--seed", "9")
    assert Path("one.png").read_bytes() == Path("two.png").read_bytes()
    run("mug.png", "half.png", *style, "--alpha", "0.5")
    assert Path("half.png").read_bytes() != Path("one.png").read_bytes()


def test_a_sheet_begins_with_the_original_and_its_cells_can_be_had_alone(run: Run, folder: Path) -> None:
    assert "--seed 7 to 9, row by row" in run("mug.png", "sheet.png", "--grid", "2", "--seed", "7")
    sheet = _pixels("sheet.png")
    assert sheet.shape == (2 * 48 + 4, 2 * 48 + 4, 3)
    assert np.array_equal(sheet[:48, :48], _pixels(folder / "mug.png"))
    run("mug.png", "last.png", "--seed", "9")
    assert np.array_equal(sheet[52:, 52:], _pixels("last.png"))
    run("mug.png", "alphas.png", "--grid", "2", "--style", str(folder / "style.jpg"))
    run("mug.png", "full.png", "--style", str(folder / "style.jpg"))
    assert np.array_equal(_pixels("alphas.png")[52:, 52:], _pixels("full.png"))


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_optimisation_on_the_image(optimizer: str, run: Run, folder: Path) -> None:
    arguments = ["--style", str(folder / "style.jpg"), "--method", "optimize", "--steps", "6", "--every", "2"]
    arguments += ["--optimizer", optimizer, "--features", str(folder / "features.safetensors"), "--seed", "1"]
    told = run("mug.png", "out.png", *arguments, "--json", "report.json", model=False)
    assert "48x48 pixels, features: small" in told and "loss " in told
    document = json.loads(Path("report.json").read_text())
    assert document["pictures"] == ["out-0002.png", "out-0004.png", "out-0006.png"]
    assert len(document["losses"]) == 7
    assert document["losses"][-1]["loss"] < document["losses"][0]["loss"]
    assert np.array_equal(_pixels("out.png"), _pixels("out-0006.png"))
    assert not np.array_equal(_pixels("out-0002.png"), _pixels("out-0006.png"))
    noise = [*arguments, "--init", "noise", "--preset", "gatys", "--style-weight", "10"]
    run("mug.png", "noise.png", *noise, model=False)
    run("mug.png", "same.png", *noise, model=False)
    assert Path("noise.png").read_bytes() == Path("same.png").read_bytes()


def test_large_pictures_are_optimised_from_coarse_to_fine(folder: Path) -> None:
    features = load_features(folder / "features.safetensors")
    pixels, style = _blob(65)[:50], np.asarray(PIL.Image.open(folder / "style.jpg").convert("RGB"))
    options = {"seed": 0, "device": torch.device("cpu"), "steps": 5}
    seen: list[tuple[int, tuple[int, ...]]] = []
    done = optimize_picture(
        pixels, style, features, coarsest=40, every=1, on_picture=lambda n, p: seen.append((n, p.shape[:2])), **options
    )
    assert done.pixels.shape == (50, 65, 3)
    assert seen == [(step, (25, 33)) for step in (1, 2, 3)] + [(step, (50, 65)) for step in (4, 5)]
    assert len(done.losses) == 7
    assert done.losses[-1]["loss"] < done.losses[4]["loss"] < done.before["loss"]


def test_a_data_set(run: Run, folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for number in range(3):
        (data / "mugs").mkdir(parents=True, exist_ok=True)
        (data / "mugs" / f"{number}.png").write_bytes((folder / f"{number}.png").read_bytes())
    arguments = [str(data), "out", "--copies", "2", "--alpha", "0.2,0.8", "--seed", "5", "--keep-original"]
    document = json.loads(run(*arguments, "--shard-size", "4", "--json", "-"))
    assert (document["images"], document["stylized"], document["bad"]) == (9, 6, [])
    shards = impasto.sources.WebDataset(document["shards"])
    assert [shards.index.label(row) for row in range(9)] == [0] * 9
    assert "3 shards were there" in run(*arguments, "--shard-size", "4", "--workers", "1")
    assert "copies was 2 and is 3" in run(str(data), "out", "--copies", "3", status=1)
    (data / "mugs" / "9.png").write_bytes(b"\x89PNG, but cut")
    assert "mugs/9.png" in run(str(data), "other", status=1)
    assert "1 could not be used" in run(str(data), "other", "--skip-bad")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["mug.png", "out.gif"], "the ending '.gif' is not known"),
        (["mug.png", "missing/out.png"], "its folder does not exist"),
        (["mug.png", "."], "it is a folder"),
        (["mug.png", "out.png", "--steps", "5"], "--steps: for --method optimize"),
        (["mug.png", "out.png", "--copies", "2", "--skip-bad"], "--copies, --skip-bad: for a data set"),
        (["mug.png", "out.png", "--alpha", "1.5"], "alpha=1.5 must lie in [0, 1]"),
        (["mug.png", "out.png", "--grid", "1"], "at least 2x2"),
        (["mug.png", "out.png", "--style", "missing.png"], "missing.png"),
        (["mug.png", "out.png", "--size", "9"], "too small"),
        (["mug.png", "out.png", "--method", "optimize"], "needs the picture whose style is taken"),
        (["model.safetensors", "out", "--grid", "2"], "--grid: for a picture"),
        (["missing.png", "out.png"], "does not exist"),
        (["style.jpg", "out.png", "--method", "optimize", "--grid", "2"], "--model, --grid: not for --method optimize"),
    ],
)
def test_what_makes_no_sense(arguments: list[str], reason: str, run: Run) -> None:
    error = run(*arguments, model="--method" not in arguments or "--grid" in arguments, status=1)
    assert reason in error and error.count("\n") == 1
    assert not list(Path().iterdir())


def test_a_picture_is_not_written_over_what_it_is_made_of(run: Run, folder: Path) -> None:
    before = (folder / "mug.png").read_bytes()
    assert "written over" in run("mug.png", str(folder / "mug.png"), status=1)
    assert (folder / "mug.png").read_bytes() == before
    run("mug.png")
    assert (folder / "mug-stylized.png").exists()


def test_a_picture_that_is_cut_short(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes((folder / "mug.png").read_bytes()[:300])
    assert "cut.png: " in run(str(tmp_path / "cut.png"), "out.png", status=1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_without_a_device(run: Run) -> None:
    assert "torch finds no CUDA device" in run("mug.png", "out.png", "--device", "cuda", status=1)
