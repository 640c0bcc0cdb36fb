"""One of two processes: drives loaders by torch.distributed and by frameworks, each in its way; prints what came."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable
from itertools import islice
from typing import Any

import torch
from expected_batches import BATCH, DATA, DATASET, RECIPE, loader, record, sampler
from pages import run_page
from torch.utils.data import DataLoader

from impasto import Batch, ImpastoError


def records(batches: Any) -> list[Any]:
    # Ray makes dictionaries of mappings, whose names bring the rest along.
    return [record(Batch(batch) if type(batch) is dict else batch) for batch in batches]


def refused(make: Callable[[], Any]) -> str:
    try:
        make()
    except (ImpastoError, TypeError, AttributeError) as error:  # what kind is what is asked
        return f"{type(error).__name__}: {error}"
    return "went on"


def stock(workers: int = 0, **options: Any) -> DataLoader[Any]:
    return DataLoader(DATASET, batch_sampler=sampler(**options), num_workers=workers)


def distributed() -> dict[str, Any]:
    own, plain = loader(workers=1), stock(2)
    return {
        "distributed, Loader": [records(own) for _ in range(2)],
        "distributed, stock": [records(plain) for _ in range(2)],
    }


def accelerated() -> dict[str, Any]:
    from accelerate import Accelerator, DataLoaderConfiguration, skip_first_batches

    accelerator, found = Accelerator(cpu=True), {}
    for workers in (0, 2):
        prepared = accelerator.prepare(stock(workers))
        epochs = [records(prepared)]
        prepared.set_epoch(1)
        epochs.append(records(islice(prepared, 2)))
        epochs += [records(prepared) for _ in range(2)]
        found[f"Accelerate, stock {workers}"] = epochs
    prepared = accelerator.prepare(stock())
    found["Accelerate, skipping"] = [records(skip_first_batches(prepared, 1))]
    own = accelerator.prepare(loader())
    found["Accelerate, Loader"] = [records(own), records(own)]
    rank = accelerator.process_index
    found["Accelerate, ranked twice"] = refused(lambda: records(accelerator.prepare(stock(rank=rank, world_size=2))))
    found["Accelerate, filled up"] = refused(lambda: records(accelerator.prepare(stock(drop_last=False, batch_size=5))))
    for name, workers, stateful in (("0", 0, False), ("2", 2, False), ("stateful", 0, True)):
        config = DataLoaderConfiguration(dispatch_batches=True, use_stateful_dataloader=stateful)
        dispatching = Accelerator(cpu=True, dataloader_config=config)
        prepared = dispatching.prepare(stock(workers))
        dispatched = [[batch.samples.tolist() for batch in prepared] for _ in range(2)]
        found[f"Accelerate, dispatched {name}"] = [len(prepared), *dispatched]
    dispatching = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(dispatch_batches=True))
    rest = skip_first_batches(dispatching.prepare(stock()), 2)
    found["Accelerate, dispatched and skipping"] = [batch.samples.tolist() for batch in rest]
    twice = dispatching.prepare(stock(rank=rank, world_size=2))
    found["Accelerate, ranked and dispatched"] = refused(lambda: len(twice))
    return found


def lightning() -> dict[str, Any]:
    import lightning

    class Model(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(()))
            self.seen: list[Any] = []

        def training_step(self, batch: Any, _: int) -> Any:
            self.seen.append(record(batch))
            return self.weight * batch.images.mean()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.0)

    def fit(loader: Any, **options: Any) -> list[Any]:
        names = ("logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing")
        quiet = dict.fromkeys(names, False)
        model = Model()
        kind = {"accelerator": "cpu", "devices": 2, "strategy": "ddp", "max_epochs": 2}
        lightning.Trainer(**quiet, **kind, **options).fit(model, loader)
        steps = len(model.seen) // 2
        return [model.seen[:steps], model.seen[steps:]]

    return {
        "Lightning, Loader": fit(loader()),
        "Lightning, stock": fit(stock(), use_distributed_sampler=False),
        "Lightning, its own sampler": refused(lambda: fit(stock())),
    }


def trainer() -> dict[str, Any]:
    import transformers

    page = run_page("huggingface", only=slice(1), recipe=RECIPE)
    page["inputs"] = lambda batch: {"batch": batch}
    seen: list[Any] = []

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def forward(self, batch: Any) -> dict[str, Any]:
            seen.append(record(batch))
            return {"loss": self.weight * batch.images.mean()}

    quiet = {"report_to": [], "disable_tqdm": True, "use_cpu": True, "logging_strategy": "no", "save_strategy": "no"}
    sizes = {"per_device_train_batch_size": BATCH, "num_train_epochs": 2, "seed": 0}
    with tempfile.TemporaryDirectory() as folder:
        args = transformers.TrainingArguments(folder, **quiet, **sizes)
        page["Trainer"](Model(), args, train_dataset=DATA).train()
    return {"Trainer, Loader": [seen[: len(seen) // 2], seen[len(seen) // 2 :]]}


def ray() -> dict[str, Any]:
    from ray.train.torch import train_loop_utils

    # What Ray does in a worker of a group, without a cluster.
    train_loop_utils.session.get_world_size = lambda: 2
    train_loop_utils.session.get_world_rank = torch.distributed.get_rank
    train_loop_utils.get_device = lambda: torch.device("cpu")
    prepare = train_loop_utils._TorchAccelerator.prepare_data_loader
    plain, own = (
        prepare(_Manager(), made, add_dist_sampler=False, auto_transfer=False) for made in (stock(), loader())
    )
    return {
        "Ray, stock": [records(plain), records(plain)],
        "Ray, Loader": [records(own), records(own)],
        "Ray, its own sampler": refused(lambda: records(prepare(_Manager(), loader(), move_to_device=False))),
        "Ray, over a stock one": refused(lambda: records(prepare(_Manager(), stock(), move_to_device=False))),
    }


class _Manager:
    _seed = None
    device_manager = None


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.distributed.init_process_group("gloo")
    found: dict[str, Any] = {"batch": BATCH}
    for part in (distributed, accelerated, lightning, trainer, ray):
        try:
            found |= part()
        except ModuleNotFoundError as error:
            found[part.__name__] = f"absent: {error.name}"
    print("\n" + json.dumps(found))
    sys.stdout.flush()
    torch.distributed.destroy_process_group()
