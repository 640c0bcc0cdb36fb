"""Training of style models: it learns, it resumes exactly, and it says what it can't do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import torch
from torch import Tensor

import impasto
from impasto.loading import Loader, PairedLoader
from impasto.recipe import ImageRecipe, Recipe
from impasto.style.model import StyleModel
from impasto.style.networks.compact import StatisticsPredictor
from impasto.style.networks.transformer import StyleTransformer
from impasto.style.networks.vgg import load_features
from impasto_lab.tasks.style_linear import LinearTuning
from impasto_lab.tasks.style_settings import StyleTraining
from impasto_lab.tasks.style_transfer import StyleNetworks, StyleTransferTask
from impasto_lab.tasks.train_style import new_model, train_style
from impasto_lab.training import read_metrics
from impasto_lab.worlds.styles import draw_style, render_style

Source = impasto.sources.ImageFolder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, Any]) -> tuple[Source, Source]:
    folder = tmp_path_factory.mktemp("style-data")
    for name in ("contents/a", "styles/a"):
        (folder / name).mkdir(parents=True)
    for number, photograph in enumerate(photographs.values()):
        for part in range(2):
            cut = photograph[: 200 + 40 * part, 60 * part : 60 * part + 200]
            PIL.Image.fromarray(cut).save(folder / "contents" / "a" / f"{number}-{part}.png")
    for number in range(80):
        PIL.Image.fromarray(render_style(draw_style(number), size=48)).save(folder / "styles" / "a" / f"{number}.png")
    return impasto.sources.ImageFolder(folder / "contents"), impasto.sources.ImageFolder(folder / "styles")


def _recipe() -> Recipe:
    return Recipe(image=ImageRecipe(size=32, normalize=None), text=None)


def _settings(**changes: Any) -> StyleTraining:
    few = {"side": 32, "batch_size": 4, "steps": 6, "warmup": 1, "log_every": 1, "save_every": 2, "picture_every": 3}
    return StyleTraining(**(few | changes))


def test_it_learns_to_paint_one_style(data: tuple[Source, Source]) -> None:
    contents, styles = data
    settings = _settings(steps=40, style_weight=(2.0, 2.0), jitter=False, partial=0.0, lr=5e-3)
    new = new_model(settings, contents, styles)
    # Repeated pixels begin with a worse loss than interpolated ones, and so have more to learn in few steps.
    torch.manual_seed(0)
    transformer = StyleTransformer(**{**new.transformer.config, "bilinear": False, "grain": False})
    trained = train_style(contents, styles, settings, init=StyleModel(transformer, new.predictor, new.distribution))
    losses = [record["loss"] for record in trained.fit.records]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert trained.model.distribution.covariance.trace() > 0
    assert not trained.model.training


def test_a_resumed_run_ends_where_an_uncut_one_does(data: tuple[Source, Source], tmp_path: Path) -> None:
    contents, styles = data
    pictures: list[int] = []

    def picture(step: int, shown: Tensor, like: Tensor, painted: Tensor) -> None:
        pictures.append(step)
        assert painted.shape == (4, 4, 3, 32, 32)
        assert len(shown) == len(like) == 4

    uncut = train_style(contents, styles, _settings(), folder=tmp_path / "uncut", on_picture=picture)
    train_style(contents, styles, _settings(), folder=tmp_path / "cut", stop=3)
    torch.manual_seed(99)
    cut = train_style(contents, styles, _settings(), folder=tmp_path / "cut", resume=True)
    for (name, one), other in zip(uncut.model.state_dict().items(), cut.model.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    assert pictures == [3, 6]
    assert [record["step"] for record in read_metrics(tmp_path / "cut" / "metrics.jsonl")] == [1, 2, 3, 4, 5, 6]
    loaded = StyleModel.load(tmp_path / "cut" / "model.safetensors")
    assert loaded.about["training"]["steps"] == 6
    image = torch.rand(1, 3, 20, 20)
    torch.testing.assert_close(loaded.predictor(image), cut.model.predictor(image))


def test_a_folder_holds_one_run(data: tuple[Source, Source], tmp_path: Path) -> None:
    train_style(*data, _settings(), folder=tmp_path, stop=2)
    with pytest.raises(impasto.CheckpointError, match=r"settings\.fall_weight was 0\.0 and is 1\.0"):
        train_style(*data, _settings(fall_weight=1.0), folder=tmp_path, resume=True)
    with pytest.raises(impasto.CheckpointError, match=r"holds a run already, up to step-00000002; resume it"):
        train_style(*data, _settings(steps=1), folder=tmp_path)
    train_style(*data, _settings(log_every=2, picture_every=0), folder=tmp_path, resume=True, stop=3)


def test_grain_comes_to_a_model_that_has_none(data: tuple[Source, Source]) -> None:
    bare = new_model(_settings(grain=False), *data)
    assert not bare.transformer.config["grain"]
    kept = {name: value.clone() for name, value in bare.transformer.state_dict().items()}
    grown = train_style(*data, _settings(steps=1, warmup=0, lr=1e-9, grain=True, bilinear=False), init=bare)
    grown = grown.model.transformer
    assert grown.config == {**bare.transformer.config, "grain": True, "bilinear": False}
    for name, value in kept.items():
        assert torch.allclose(grown.state_dict()[name], value, atol=1e-6), name
    assert train_style(*data, _settings(steps=1), init=bare).model.transformer.config == bare.transformer.config


def test_what_is_scored_is_what_a_randomizer_paints(data: tuple[Source, Source]) -> None:
    model, scored = new_model(_settings(), *data), []

    def objective(painted: Tensor, contents: Tensor, styles: Tensor, alpha: Tensor, progress: Any) -> dict[str, Tensor]:
        scored.append((painted, contents, styles, alpha))
        return {"loss": painted.sum()}

    pairs = PairedLoader(*(Loader(source, _recipe(), batch_size=4, seed=0) for source in data))
    task = StyleTransferTask(
        StyleNetworks(model.transformer, model.predictor, frozen=True),
        objective,
        steps=1,
        partial=0.5,
        give_back=True,
    )
    torch.manual_seed(0)
    task.step(next(iter(pairs)))
    ((painted, contents, styles, alpha),) = scored
    assert (alpha < 1).any() and (alpha == 1).any()
    wanted = impasto.StyleRandomizer(model, give_back=True)(contents, styles=styles, alpha=alpha)
    torch.testing.assert_close(painted.detach(), wanted, atol=1e-5, rtol=0)


def test_torchscript_trains_alike(data: tuple[Source, Source]) -> None:
    contents, styles = data
    eager = train_style(contents, styles, _settings(steps=2))
    scripted = train_style(contents, styles, _settings(steps=2, backend="torchscript"))
    for one, other in zip(eager.fit.records, scripted.fit.records, strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-3)


def test_a_frozen_predictor_stays_and_a_joint_one_learns(data: tuple[Source, Source]) -> None:
    contents, styles = data
    for joint in (False, True):
        settings = _settings(steps=2, joint=joint)
        before = new_model(settings, contents, styles).predictor.state_dict()
        after = train_style(contents, styles, settings).model.predictor.state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before) is not joint


def test_a_linear_layer_learns_alone(data: tuple[Source, Source], tmp_path: Path) -> None:
    settings = _settings(steps=3, linear=True, save_every=0)
    before = new_model(settings, *data).predictor.state_dict()
    whole = train_style(*data, settings).model
    after = whole.predictor.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"fc.weight", "fc.bias"}
    train_style(*data, settings, folder=tmp_path, stop=2)
    resumed = train_style(*data, settings, folder=tmp_path, resume=True).model
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())
    assert all(parameter.requires_grad for parameter in whole.transformer.parameters())


def test_a_change_of_decorrelated_statistics_becomes_the_layers_own() -> None:
    torch.manual_seed(0)
    predictor, images = StatisticsPredictor(embedding=8, widths=(4, 4, 4, 4)), torch.rand(300, 3, 16, 16)
    with torch.no_grad():
        statistics = predictor.statistics(images)
        before = predictor(images[:5])
    tuning = LinearTuning(predictor, statistics, floor=0.01)
    torch.testing.assert_close(tuning(images[:5]), before, atol=1e-5, rtol=0)  # nothing is changed yet
    decorrelated = (statistics - tuning.mean) @ tuning.whitening
    torch.testing.assert_close(decorrelated.mean(dim=0), torch.zeros(38), atol=1e-3, rtol=0)
    covariance = torch.cov(decorrelated.T)
    assert (covariance - covariance.diag().diag()).abs().max() < 0.02
    assert covariance.diag().max() == pytest.approx(1, abs=0.02)  # the least are below
    tuning(images).square().mean().backward()
    learnt = {name for name, parameter in tuning.named_parameters() if parameter.grad is not None}
    assert learnt == {"change.weight", "change.bias"}
    with torch.no_grad():
        tuning.change.weight.normal_(0, 0.1)
        tuning.change.bias.normal_()
        wanted = tuning(images[:5])
        assert (wanted - before).abs().max() > 0.1
        torch.testing.assert_close(tuning.fold()(images[:5]), wanted, atol=1e-3, rtol=0)
        torch.testing.assert_close(tuning(images[:5]), wanted, atol=1e-3, rtol=0)  # not changed twice


def test_what_hardly_any_image_has_or_none_is_left_out_of_the_layer() -> None:
    torch.manual_seed(0)
    predictor = StatisticsPredictor(embedding=8, widths=(4, 4, 4, 4))
    statistics = torch.randn(300, 38)
    statistics[:, 20] = 0
    statistics[:4, 20] = 50
    statistics[:, 30] = 0.5
    weight, bias = predictor.fc.weight.clone(), predictor.fc.bias.clone()
    tuning = LinearTuning(predictor, statistics)
    rare = torch.tensor([20, 30])
    assert not predictor.fc.weight[:, rare].any() and not tuning.whitening[rare].any()
    others = ~torch.isin(torch.arange(38), rare)
    assert torch.equal(predictor.fc.weight[:, others], weight[:, others])
    # An image that has the mean of it gets the embedding it had.
    torch.testing.assert_close(predictor.fc.bias, bias + weight[:, rare] @ statistics[:, rare].mean(dim=0))
    assert tuning.whitening[others].abs().sum(dim=1).min() > 0


def test_spectra_are_looked_at_where_they_count(data: tuple[Source, Source]) -> None:
    plain = train_style(*data, _settings(steps=1)).fit.records[0]
    seen = train_style(*data, _settings(steps=1, spectrum_weight=0.5, grid_weight=2.0)).fit.records[0]
    added = 0.5 * seen["spectrum"] + 2.0 * seen["grid"]
    assert seen["loss"] == pytest.approx(plain["loss"] + added, rel=1e-5)
    assert added > 0.1
    assert not {"spectrum", "grid"} & plain.keys()


def test_magenta_with_vgg16(data: tuple[Source, Source], tmp_path: Path) -> None:
    """Its loss, on a file of torchvision's layout; networks as published would take minutes here."""
    import torchvision

    torch.manual_seed(6)
    torch.save(torchvision.models.vgg16(weights=None).state_dict(), tmp_path / "vgg16.pth")
    contents, styles = data
    preset = StyleTraining.magenta(features=str(tmp_path / "vgg16.pth"), steps=2, side=48)
    assert (preset.networks, preset.objective, preset.joint, preset.lr) == ("full", "magenta", True, 1e-5)
    few = _settings(objective="magenta", features=str(tmp_path / "vgg16.pth"), steps=2)
    trained = train_style(contents, styles, few)
    assert {"content", "style", "variation"} <= trained.fit.records[0].keys()


def test_the_full_networks_train(data: tuple[Source, Source]) -> None:
    contents, styles = data
    settings = _settings(networks="full", joint=True, side=48, batch_size=2, steps=1)
    trained = train_style(contents, styles, settings)
    assert trained.model.embedding == 100
    running = trained.model.predictor.state_dict()["Conv2d_1a_3x3.bn.running_mean"]
    assert running.abs().max() > 0


def test_bad_input(data: tuple[Source, Source], tmp_path: Path) -> None:
    contents, styles = data
    three = impasto.sources.Sequence([(name, "") for name in ("a.png", "b.png", "c.png")])
    with pytest.raises(impasto.RecipeError, match="3 style images are fewer than a batch of 4; add some"):
        train_style(contents, three, _settings())
    with pytest.raises(impasto.RecipeError, match="cannot fill an embedding of 64"):
        new_model(_settings(), contents, contents)
    with pytest.raises(impasto.RecipeError, match="side=32 is too small for the predictor"):
        _settings(networks="full", joint=True)
    with pytest.raises(impasto.RecipeError, match="joint=True"):
        _settings(networks="full", side=64)
    with pytest.raises(impasto.RecipeError, match="belong to the balanced objective"):
        _settings(objective="magenta", grid_weight=1.0)
    for changes in ({"joint": True}, {"networks": "full", "side": 96}):
        with pytest.raises(impasto.RecipeError, match="linear=True trains a part of the compact predictor"):
            _settings(linear=True, **changes)
    for weight in (-1.0, float("nan"), float("inf")):
        with pytest.raises(impasto.RecipeError, match="fall_weight must be finite, and not negative"):
            _settings(fall_weight=weight)
    with pytest.raises(impasto.CheckpointError, match="no checkpoint to resume from"):
        train_style(contents, styles, _settings(), folder=tmp_path / "nothing", resume=True)
    with pytest.raises(impasto.DivergedError):
        train_style(contents, styles, _settings(lr=1e30, clip=None, steps=4))
    assert load_features("small").kind == "small"
