"""Accelerate and Hugging Face's Trainer in one process; two are in test_pair.py."""

from itertools import islice

import pytest
import torch
from expected_batches import DATASET, READ, READERS, expected, loader, record, sampler
from pages import run_page
from torch.utils.data import DataLoader

accelerate = pytest.importorskip("accelerate")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore")


def stock(workers=0, **options):
    return DataLoader(DATASET, batch_sampler=sampler(), num_workers=workers, **options)


def named(batches):
    """The Trainer takes mappings."""
    return {"batch": batches[0]}


@pytest.fixture(params=["Loader", "stock 0", "stock 2"])
def prepared(request):
    made = loader(workers=2) if request.param == "Loader" else stock(int(request.param[-1]))
    return accelerate.Accelerator(cpu=True).prepare(made)


def records(batches):
    return [record(batch) for batch in batches]


def test_epochs(prepared):
    assert [records(prepared) for _ in range(2)] == [expected(0), expected(1)]
    for epoch in (2, 3):  # after a break Accelerate names the same epoch again: name it yourself
        prepared.set_epoch(epoch)
        assert records(islice(prepared, 2)) == expected(epoch)[:2]


def test_skipping_the_first_batches(prepared):
    prepared.set_epoch(3)
    assert records(accelerate.skip_first_batches(prepared, 2)) == expected(3)[2:]


def test_the_page(tmp_path):
    seen = []

    def step(model, batch):
        seen.append(record(batch))
        return model(batch.images).mean()

    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 1))
    given = {"options": {"cpu": True}, "model": model, "optimizer": torch.optim.SGD(model.parameters(), 0.1)}
    page = run_page("accelerate", only=slice(1), **READERS, **given, step=step)
    assert seen == [*expected(0, dataset=READ), *expected(1, dataset=READ)]
    next(iter(page["loader"]))
    page = run_page("accelerate", only=slice(1, 2), **page, folder=tmp_path)
    assert records(page["loader"]) == expected(2, dataset=READ)[1:]
    page = run_page("accelerate", only=slice(2, 3), **page | {"epoch": 5, "steps": 4})
    assert records(page["rest"]) == expected(5, dataset=READ)[4:]
    seen.clear()
    run_page("accelerate", only=slice(3, 4), **page)
    assert seen == expected(3, dataset=READ)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))


class Trainer(transformers.Trainer):
    def get_train_dataloader(self):
        self.seen = []
        return self.accelerator.prepare(stock(self.args.dataloader_num_workers, collate_fn=named))

    def compute_loss(self, model, inputs, **_):
        self.seen.append(record(inputs["batch"]))
        return model.weight * inputs["batch"].images.mean()


@pytest.fixture
def train(tmp_path):
    def train(resume=None, **options):
        quiet = {"report_to": [], "disable_tqdm": True, "use_cpu": True, "logging_strategy": "no"}
        args = transformers.TrainingArguments(tmp_path, **quiet, **{"save_strategy": "no", **options})
        trainer = Trainer(Model(), args, train_dataset=DATASET)
        trainer.train(resume_from_checkpoint=resume and str(tmp_path / resume))
        return trainer.seen

    return train


@pytest.mark.parametrize("workers", [0, 2])
def test_the_trainer(train, workers):
    assert train(num_train_epochs=2, dataloader_num_workers=workers) == [*expected(0), *expected(1)]
    assert train(max_steps=8, dataloader_num_workers=workers) == [*expected(0), *expected(1)[:2]]


def test_the_trainer_goes_on(train):
    whole = train(num_train_epochs=3, save_strategy="steps", save_steps=8)
    assert train(resume="checkpoint-8", num_train_epochs=3) == whole[8:] == [*expected(1)[2:], *expected(2)]
