"""Lightning's Trainer in one process; two are in test_pair.py."""

import logging

import pytest
import torch
from expected_batches import DATASET, READ, READERS, expected, loader, record, sampler
from pages import run_page
from torch.utils.data import DataLoader

import impasto

L = pytest.importorskip("lightning")
pytestmark = pytest.mark.filterwarnings("ignore")
LOADERS = {
    "caller": lambda: loader(),
    "threads": lambda: loader(workers=2),
    "processes": lambda: loader(workers=1, processes=True),
    "stock": lambda: DataLoader(DATASET, batch_sampler=sampler()),
    "stock with a worker": lambda: DataLoader(DATASET, batch_sampler=sampler(), num_workers=1),
}


class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen = {"training": [], "validation": [], "test": [], "predict": []}

        self.images = []

    def training_step(self, batch):
        self.seen["training"].append(record(batch))
        self.images.append(batch.images.tolist())
        return self.weight * batch.images.mean()

    def validation_step(self, batch):
        self.seen["validation"].append(record(batch))

    def test_step(self, batch):
        self.seen["test"].append(record(batch))

    def predict_step(self, batch):
        self.seen["predict"].append(record(batch))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.0)


class Save(L.Callback):
    def __init__(self, place, step):
        self.place, self.step = place, step

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.place)


@pytest.fixture
def quiet(tmp_path):
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    off = dict.fromkeys(("logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing"), False)
    return off | {"accelerator": "cpu", "devices": 1, "default_root_dir": tmp_path}


@pytest.fixture
def trainer(quiet):
    return lambda **options: L.Trainer(**quiet | options)


@pytest.mark.parametrize("kind", LOADERS)
def test_epochs(trainer, kind):
    """Lightning takes exactly as many batches as there are, or limit_train_batches of them."""
    for limit in (None, 2):
        model = Model()
        trainer(max_epochs=3, limit_train_batches=limit).fit(model, LOADERS[kind]())
        assert model.seen["training"] == [one for epoch in range(3) for one in expected(epoch)[:limit]]


@pytest.mark.parametrize("kind", ["caller", "threads", "processes", "stock"])
def test_resuming_between_epochs(trainer, kind, tmp_path):
    """Lightning names the epoch after it has asked for an iterator."""
    first, rest = Model(), Model()
    save = L.pytorch.callbacks.ModelCheckpoint(dirpath=tmp_path, filename="last")
    trainer(max_epochs=2, callbacks=[save], enable_checkpointing=True).fit(first, LOADERS[kind]())
    trainer(max_epochs=4).fit(rest, LOADERS[kind](), ckpt_path=tmp_path / "last.ckpt", weights_only=False)
    assert rest.seen["training"] == [one for epoch in (2, 3) for one in expected(epoch)]


@pytest.mark.parametrize("step", [8, 12])
@pytest.mark.parametrize("kind", ["caller", "threads", "processes"])
def test_resuming(trainer, kind, step, tmp_path):
    whole, rest = Model(), Model()
    trainer(max_epochs=3, callbacks=[Save(tmp_path / "a.ckpt", step)]).fit(whole, LOADERS[kind]())
    trainer(max_epochs=3).fit(rest, LOADERS[kind](), ckpt_path=tmp_path / "a.ckpt", weights_only=False)
    assert rest.seen["training"] == whole.seen["training"][step:]
    assert whole.seen["training"] == [one for epoch in range(3) for one in expected(epoch)]


def test_other_loops(trainer):
    """A Loader validates, tests and predicts; validation has its epoch from training."""
    model, run = Model(), trainer(max_epochs=2, num_sanity_val_steps=2)
    run.fit(model, loader(), loader())
    assert model.seen["validation"] == [*expected(0)[:2], *expected(0), *expected(1)]
    run.test(model, loader(), verbose=False)
    run.predict(model, loader())
    assert model.seen["test"] == model.seen["predict"] == expected(2)  # the epoch that training has come to


def test_predicting_with_a_stock_loader_says_what_to_use(trainer):
    with pytest.raises(ValueError, match=r"for Trainer\.predict use impasto\.Loader"):
        trainer().predict(Model(), DataLoader(DATASET, batch_sampler=sampler()))


def test_the_page(quiet, tmp_path):
    """A checkpoint in the middle of the second epoch, and styles by the batch's id."""
    painted = run_page("lightning", only=slice(2, 3), impasto=impasto, lightning=L)["Painted"]

    class Painting(painted, Model):
        pass

    place, whole, rest = tmp_path / "a.ckpt", Painting(), Painting()
    options = quiet | {"callbacks": [Save(place, 8)]}
    page = run_page("lightning", only=slice(1), **READERS, options=options, model=whole)
    assert whole.seen["training"] == [*expected(0, dataset=READ), *expected(1, dataset=READ)]
    validated = [len(one[0]) for one in whole.seen["validation"]]
    assert validated == [4, 4, *[4, 4, 2] * 2]  # Lightning's look at two batches, and two epochs
    run_page("lightning", only=slice(1, 2), **page | {"model": rest, "checkpoint": place, "options": quiet})
    assert rest.seen["training"] == whole.seen["training"][8:]
    assert rest.images == whole.images[8:] and len(rest.images) == 4
    plain = next(iter(page["Data"]().train_dataloader()))
    assert plain.images.tolist() != whole.images[0]
