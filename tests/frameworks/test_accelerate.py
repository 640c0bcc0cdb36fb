"""Accelerate and Hugging Face's Trainer in one process; two are in test_pair.py."""

from itertools import islice

import pytest
import torch
from expected_batches import DATASET, expected, loader, record, sampler
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
